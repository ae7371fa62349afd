import { clearTimeout, setTimeout } from "k6/timers";
import { type MessageEvent, WebSocket } from "k6/websockets";
import { pingMessage, readFeedMessage } from "../src/feed-message.ts";
import { ServerOffset } from "../src/server-offset.ts";
import { FEED_HEADERS, FEED_PATH, socketUrl } from "./loaded-race.ts";

const ANSWER_MS_MAX = 20_000;

/** How far the gateway's clock is ahead of ours. Event times are the gateway's, so that runners may be anywhere. */
export function fetchServerOffsetMs(gatewayUrl: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const offset = new ServerOffset();
    const socket = new WebSocket(socketUrl(gatewayUrl, FEED_PATH), null, { headers: FEED_HEADERS });
    socket.binaryType = "arraybuffer" as typeof socket.binaryType;
    const giveUp = setTimeout(() => {
      socket.close();
      reject(new Error(`the gateway ${gatewayUrl} did not answer in ${ANSWER_MS_MAX / 1_000} s`));
    }, ANSWER_MS_MAX);
    const fail = () => {
      clearTimeout(giveUp);
      reject(new Error(`the gateway ${gatewayUrl} takes no feed connection`));
    };
    socket.onclose = fail;
    socket.onmessage = (event?: MessageEvent) => {
      const message = readFeedMessage(event?.data as ArrayBuffer, () => false);
      if (message.op === "pong") offset.answered(message.clientTimeMs, message.serverTimeMs, Date.now());
      if (!offset.isKnown) {
        if (message.op === "hello" || message.op === "pong") socket.send(pingMessage(Date.now()));
        return;
      }
      clearTimeout(giveUp);
      // Only then is it gone at the gateway too: who goes on at once has two connections for a while, and 202 clients with
      // two each are more than the gateway takes.
      socket.onclose = () => resolve(offset.ms);
      socket.close();
    };
  });
}
