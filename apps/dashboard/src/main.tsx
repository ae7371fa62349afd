import { FeedConnection, feedUrl, webSocketPorts } from "@burnline/contract/feed-client";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { browserStorage } from "./browser-storage.tsx";
import { LatencyProbe } from "./latency-probe.ts";
import { PageContext } from "./page-context.tsx";
import { RaceStore } from "./race-store.ts";
import { readToken, writeToken } from "./viewer-token.ts";
import "./styles/page.css";
import "./styles/headline.css";
import "./styles/board.css";
import "./styles/car-page.css";
import "uplot/dist/uPlot.min.css";

const nowMs = () => Date.now();
const store = new RaceStore({ beforePaint: (run) => requestAnimationFrame(run), nowMs });
const ports = webSocketPorts({
  url: feedUrl(location),
  token: () => readToken(browserStorage()),
  WebSocket,
  nowMs,
  random: Math.random,
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (timer) => clearTimeout(timer),
});
const feed = new FeedConnection(ports, store);

takeToken();
addEventListener("hashchange", takeToken);

if (new URLSearchParams(location.search).get("measure") === "1") startMeasuring();

const page = document.getElementById("page");
if (page === null) throw new Error("index.html has no #page");
createRoot(page).render(
  <PageContext value={{ store, feed }}>
    <App />
  </PageContext>,
);
feed.start();

/** A token in the address is kept and taken out of it: addresses are shown on air and sent around. */
function takeToken(): void {
  if (writeToken(browserStorage(), location.href)) location.replace("#/");
}

/** A listener of the store runs in the animation frame; the task after it runs once that frame is painted. */
function startMeasuring(): void {
  const probe = new LatencyProbe(feed.clock);
  const afterPaint = new MessageChannel();
  afterPaint.port1.onmessage = () => probe.painted(store.picture(), nowMs());
  store.subscribe(() => afterPaint.port2.postMessage(undefined));
  Object.defineProperty(window, "__burnlineLatency", { get: () => probe.report() });
}
