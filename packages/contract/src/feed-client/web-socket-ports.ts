import { CLOSE_UNAUTHORIZED, SUBPROTOCOL_TOKEN_PREFIX } from "../versions.ts";
import type { FeedPorts, FeedSocket, FeedSocketEvents } from "./feed-connection.ts";

/** The part of the web's WebSocket that the feed uses, so that this package needs no name of the DOM. */
export interface WebSocketLike {
  binaryType: string;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface WebWorld {
  readonly url: string;
  /** A viewer's token, asked for with each connection; undefined: none. */
  readonly token?: () => string | undefined;
  readonly WebSocket: new (url: string, protocols: string[]) => WebSocketLike;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly setTimeout: (run: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
}

/** The feed's ports in a browser (or any runtime with a WebSocket like the browser's). */
export function webSocketPorts(world: WebWorld): FeedPorts {
  return {
    nowMs: world.nowMs,
    random: world.random,
    schedule: (delayMs, run) => {
      const timer = world.setTimeout(run, delayMs);
      return () => world.clearTimeout(timer as never);
    },
    openSocket: (subprotocol, events) => openWebSocket(world, subprotocol, events),
  };
}

/** The feed's address on the origin that served the page. */
export function feedUrl(location: { readonly protocol: string; readonly host: string }): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/feed`;
}

function openWebSocket(world: WebWorld, subprotocol: string, events: FeedSocketEvents): FeedSocket {
  const token = world.token?.();
  const offered = token === undefined ? [subprotocol] : [subprotocol, `${SUBPROTOCOL_TOKEN_PREFIX}${token}`];
  const socket = new world.WebSocket(world.url, offered);
  let isClosed = false;
  let isOpen = false;
  const closed = (event: { readonly code?: number }) => {
    if (isClosed) return;
    isClosed = true;
    events.closed(event.code === CLOSE_UNAUTHORIZED);
  };
  socket.binaryType = "arraybuffer";
  socket.onclose = closed;
  socket.onmessage = (event: { readonly data: unknown }) => {
    isOpen = true;
    // Text on the binary subprotocol is not ours; empty bytes decode to a message without op and change nothing.
    if (event.data instanceof ArrayBuffer) events.received(new Uint8Array(event.data));
  };
  return {
    send: (bytes) => {
      if (isOpen && !isClosed) socket.send(new Uint8Array(bytes));
    },
    close: () => {
      isClosed = true;
      socket.close();
    },
  };
}
