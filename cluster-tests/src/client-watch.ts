import { FeedConnection, webSocketPorts } from "@burnline/contract/feed-client";
import WebSocket from "ws";

/** One that cannot connect says so by its close event too: the connection then tries again. */
class QuietSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    this.on("error", () => undefined);
  }
}

/** What a dashboard sees of the race, over every reconnection: how long it had to wait for something new. */
export class ClientWatch {
  readonly #connection: FeedConnection;
  readonly #nowMs: () => number;
  #sinceMs: number | undefined;
  #longestMs = 0;
  messages = 0;
  connects = 0;

  /** @param url ws://… of the gateway's Service */
  constructor(url: string, nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    const world = { url, WebSocket: QuietSocket, nowMs, random, setTimeout, clearTimeout };
    this.#connection = new FeedConnection(webSocketPorts(world as never), {
      stateChanged: ({ type }) => {
        if (type === "connecting") this.connects++;
      },
      received: ({ op }) => {
        if (op.case === "delta") this.#heard();
      },
    });
    this.#connection.subscribe("board");
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
  }

  begin(): void {
    this.#longestMs = 0;
  }

  /** The longest time without anything new since `begin`; one that lasts counts from where it began. */
  longestMs(): number {
    if (this.#sinceMs !== undefined) this.#longestMs = Math.max(this.#longestMs, this.#nowMs() - this.#sinceMs);
    return this.#longestMs;
  }

  #heard(): void {
    this.messages++;
    this.longestMs();
    this.#sinceMs = this.#nowMs();
  }
}
