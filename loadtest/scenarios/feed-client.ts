import { clearInterval, setInterval, setTimeout } from "k6/timers";
import { type MessageEvent, WebSocket } from "k6/websockets";
import { ClientView, type Observation } from "../src/client-view.ts";
import { type FeedUpdate, pingMessage, readFeedMessage, subscribeMessage } from "../src/feed-message.ts";
import { lookUntilSeconds } from "../src/load-plan.ts";
import { fedCars } from "../src/race-messages.ts";
import { fetchServerOffsetMs } from "./gateway-clock.ts";
import { counters } from "./load-counters.ts";
import { FEED_HEADERS, FEED_PATH, LOADED_RACE, type LoadedRace, OPEN, profile, socketUrl } from "./loaded-race.ts";

/** As the dashboard does it. */
const PING_MS = 2_000;
const RETRY_MS_MIN = 250;
/** Laps that started before it were under way when the feeds began. */
const FIRST_LAP_MS = 2_000;

/** A client that reads well: subscribes, pings, comes back when it is sent away, and judges what it is shown. */
export class FeedClient {
  readonly #topics: readonly string[];
  readonly #readsCars: (id: number) => boolean;
  readonly #view: ClientView;
  readonly #judgedFromMs: number;
  readonly #untilMs: number;
  #offsetMs = 0;
  #socket: WebSocket | undefined;
  /** When the last connection was left; 0 = this one is the first, or has its snapshot. */
  #leftAtMs = 0;
  #isLeaving = false;
  #done: () => void = () => {};

  constructor(race: LoadedRace, topics: readonly string[], readsCars: (id: number) => boolean) {
    this.#topics = topics;
    this.#readsCars = readsCars;
    this.#judgedFromMs = race.startMs + profile.warmUpSeconds * 1_000;
    this.#untilMs = race.startMs + lookUntilSeconds(profile) * 1_000;
    this.#view = new ClientView({
      gapMsMax: profile.limits.gapMsMax,
      fedCars: fedCars(profile),
      samplesPerLap: profile.rateHz * profile.lapSeconds,
      judgedFromMs: race.startMs + FIRST_LAP_MS,
    });
  }

  /** @param leaveEveryMs leaves and comes back so often, counted from the end of the warm-up */
  async run(leaveEveryMs?: number): Promise<void> {
    this.#offsetMs = await fetchServerOffsetMs(LOADED_RACE.gatewayUrl);
    const pinging = setInterval(() => this.#ping(), PING_MS);
    if (leaveEveryMs !== undefined) this.#leaveAt(this.#judgedFromMs + leaveEveryMs, leaveEveryMs);
    const over = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    setTimeout(() => this.#end(pinging), Math.max(0, this.#untilMs - this.#nowMs()));
    this.#connect();
    await over;
  }

  #nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  #connect(): void {
    const socket = new WebSocket(socketUrl(LOADED_RACE.gatewayUrl, FEED_PATH), null, { headers: FEED_HEADERS });
    socket.binaryType = "arraybuffer" as typeof socket.binaryType;
    this.#socket = socket;
    this.#isLeaving = false;
    socket.onopen = () => {
      for (const [index, topic] of this.#topics.entries()) socket.send(subscribeMessage(index + 1, topic));
    };
    socket.onmessage = (event?: MessageEvent) => {
      if (event !== undefined) this.#receive(event);
    };
    socket.onclose = () => this.#closed();
  }

  #receive(event: MessageEvent): void {
    const bytes = event.data as ArrayBuffer;
    const message = readFeedMessage(bytes, this.#readsCars);
    counters.feedBytes.add(bytes.byteLength);
    if (message.op === "hello") this.#view.greeted(message.serverInstance);
    if (message.op === "error") counters.unexpectedCloses.add(1, { reason: message.code });
    if (message.op !== "snapshot" && message.op !== "delta") return;
    if (message.op === "snapshot" && this.#leftAtMs > 0) {
      counters.reconnect.add(this.#nowMs() - this.#leftAtMs);
      counters.reconnects.add(1);
      this.#leftAtMs = 0;
    }
    // When the socket was read; this interpreter may come to it later.
    this.#judge(message, event.timestamp + this.#offsetMs, message.op === "delta");
  }

  #judge(update: FeedUpdate, receivedMs: number, isNews: boolean): void {
    const seen = this.#view.observe(update, receivedMs, isNews);
    for (const violation of seen.orderViolations) counters.orderViolations.add(1, { what: violation });
    if (receivedMs >= this.#judgedFromMs) count(seen);
  }

  #ping(): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(pingMessage(Date.now()));
  }

  #leaveAt(atMs: number, everyMs: number): void {
    if (atMs >= this.#untilMs) return;
    setTimeout(
      () => {
        this.#isLeaving = true;
        this.#leftAtMs = this.#nowMs();
        this.#socket?.close();
        this.#leaveAt(atMs + everyMs, everyMs);
      },
      Math.max(0, atMs - this.#nowMs()),
    );
  }

  #closed(): void {
    if (this.#nowMs() >= this.#untilMs) return;
    if (this.#isLeaving) {
      this.#connect();
      return;
    }
    counters.unexpectedCloses.add(1, { reason: "client" });
    if (this.#leftAtMs === 0) this.#leftAtMs = this.#nowMs();
    setTimeout(() => this.#connect(), RETRY_MS_MIN * (1 + Math.random()));
  }

  #end(pinging: ReturnType<typeof setInterval>): void {
    clearInterval(pinging);
    const standing = this.#view.standingStill(this.#nowMs());
    if (standing > 0) counters.gaps.add(standing);
    this.#socket?.close();
    this.#done();
  }
}

function count(seen: Observation): void {
  if (seen.liveLatencyMs !== undefined) {
    counters.live.add(seen.liveLatencyMs);
    counters.latency.add(seen.liveLatencyMs);
    counters.liveMessages.add(1);
    counters.standstill.add(seen.longestGapMs);
  }
  if (seen.windowLatencyMs !== undefined) {
    counters.window.add(seen.windowLatencyMs);
    counters.latency.add(seen.windowLatencyMs);
  }
  if (seen.lapLatencyMs !== undefined) counters.lap.add(seen.lapLatencyMs);
  if (seen.gaps > 0) counters.gaps.add(seen.gaps);
  if (seen.lapsJudged > 0) counters.lapsJudged.add(seen.lapsJudged);
  if (seen.samplesMissing > 0) counters.samplesMissing.add(seen.samplesMissing);
}
