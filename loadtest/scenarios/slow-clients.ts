// The older of k6's two WebSocket modules: it reads the next message only when the handler of the last one has returned,
// so a handler that sleeps is a client that does not read. The newer one reads on into its own memory whatever happens.
import { sleep } from "k6";
import ws, { type Socket } from "k6/ws";
import { ClientView } from "../src/client-view.ts";
import { type FeedMessage, readFeedMessage, subscribeMessage } from "../src/feed-message.ts";
import { fedCars } from "../src/race-messages.ts";
import { counters } from "./load-counters.ts";
import { FEED_HEADERS, FEED_PATH, LOADED_RACE, profile, socketUrl } from "./loaded-race.ts";

/** As many as a connection may have, all of the board, so that a few seconds fill the buffers between the two processes. */
const SUBSCRIPTIONS = 16;
/** Fifty messages a second against the hundred and sixty that are sent. */
const PAUSE_S = 0.02;
/** Two updates of the same subscription so far apart were more than one before they were merged. */
const MERGED_MS = 250;

/** Reads all the time, but more slowly than the feed sends. */
export function trail(untilMs: number): void {
  const sentAt = new Map<number, number>();
  const isClosed = watch(untilMs, (message) => {
    sleep(PAUSE_S);
    if (message.op !== "delta") return;
    const before = sentAt.get(message.id) ?? message.sentAtMs;
    if (message.sentAtMs - before > MERGED_MS) counters.merged.add(1);
    sentAt.set(message.id, message.sentAtMs);
  });
  if (isClosed) counters.unexpectedCloses.add(1, { reason: "tardy" });
}

/** Does not read for a while, is sent away for it, and comes back to a fresh snapshot. */
export function stall(untilMs: number, seconds: number): void {
  let hasStalled = false;
  const isClosed = watch(untilMs, (message) => {
    if (hasStalled || message.op !== "delta") return;
    hasStalled = true;
    sleep(seconds);
  });
  if (!isClosed) return;
  counters.stalledCloses.add(1);
  watch(untilMs, () => {});
}

/** @returns whether the gateway ended it before its time */
function watch(untilMs: number, read: (message: FeedMessage) => void): boolean {
  const view = new ClientView({
    fedCars: fedCars(profile),
    ...{ gapMsMax: profile.limits.gapMsMax, samplesPerLap: profile.rateHz * profile.lapSeconds, judgedFromMs: 0 },
  });
  let isEnded = false;
  ws.connect(socketUrl(LOADED_RACE.gatewayUrl, FEED_PATH), { headers: FEED_HEADERS }, (socket: Socket) => {
    socket.on("open", () => {
      for (let id = 1; id <= SUBSCRIPTIONS; id++) socket.sendBinary(subscribeMessage(id, "board"));
    });
    socket.on("binaryMessage", (bytes: ArrayBuffer) => {
      const message = readFeedMessage(bytes, () => false);
      if (message.op === "hello") view.greeted(message.serverInstance);
      if (message.op === "snapshot" || message.op === "delta") {
        const { orderViolations } = view.observe(message, Date.now(), false);
        for (const violation of orderViolations) counters.orderViolations.add(1, { what: violation });
      }
      read(message);
      if (Date.now() >= untilMs) isEnded = true;
      if (isEnded) socket.close();
    });
    socket.setTimeout(
      () => {
        isEnded = true;
        socket.close();
      },
      Math.max(1, untilMs - Date.now()),
    );
  });
  return !isEnded;
}
