import type { ServerMessage } from "@burnline/contract";
import { type FeedState, isRefused } from "@burnline/contract/feed-client";
import { airView } from "./air-view.ts";
import { BurnBarElement } from "./burn-bar-element.tsx";
import { CarWatch } from "./car-watch.ts";
import { type GraphicData, readOptions, readUpdate } from "./graphic-data.ts";
import { pageFeed } from "./page-feed.tsx";

/** How often the page looks whether its data has grown old. */
const REFRESH_INTERVAL_MS = 250;
/** A server of another version will not understand this page ever: fetches the page anew. */
const RELOAD_AFTER_MS = 30_000;

customElements.define("burn-bar", BurnBarElement);
const element = new BurnBarElement();
document.body.append(element);

const options = readOptions(new URLSearchParams(location.search));
let data: GraphicData = options;
let isWanted = options.autoplay;
let watch = new CarWatch(data.car);
let unsubscribe: (() => void) | undefined;

const feed = pageFeed({
  received: (message: ServerMessage) => {
    watch.received(message, performance.now());
    refresh();
  },
  stateChanged: (state: FeedState) => {
    if (state.type === "closed" && state.reason === "other protocol version") {
      setTimeout(() => location.reload(), RELOAD_AFTER_MS);
    }
  },
});

follow(data.car);
feed.start();
setInterval(refresh, REFRESH_INTERVAL_MS);

// The names by which CasparCG and its relatives drive a template.
Object.assign(window, {
  play: () => setWanted(true),
  stop: () => setWanted(false),
  next: () => undefined,
  update: (update: unknown) => {
    const changed = { ...data, ...readUpdate(update) };
    if (changed.car !== data.car) follow(changed.car);
    data = changed;
    refresh();
  },
});

function setWanted(wanted: boolean): void {
  isWanted = wanted;
  refresh();
}

/** Another car starts with an empty hand: the numbers of one car never stand under the name of another. */
function follow(car: string): void {
  unsubscribe?.();
  watch = new CarWatch(car);
  unsubscribe = car === "" ? undefined : feed.subscribe(`car/${car}`);
}

function refresh(): void {
  const view = airView(watch.view, watch.race, data.units, watch.newsAgeMs(performance.now()));
  if (view !== undefined) element.show(view);
  element.setOnAir(isWanted && view !== undefined);
  if (!options.debug) return;
  if (data.car === "") element.hint(`No car chosen: ${new URL(".", location.href)} has an address for each car.`);
  else if (view === undefined && isRefused(feed.state))
    element.hint("This race asks for a viewer's token: put #token=… behind this address.");
  else if (view === undefined) element.hint(`Nothing known of car ${data.car}; connection: ${feed.state.type}.`);
  else element.hint("");
}
