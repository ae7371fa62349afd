import { expect, test } from "vitest";
import { CLOSE_UNAUTHORIZED, SUBPROTOCOL_TOKEN_PREFIX } from "../versions.ts";
import { feedUrl, type WebSocketLike, webSocketPorts } from "./web-socket-ports.ts";

class FakeWebSocket implements WebSocketLike {
  static readonly opened: FakeWebSocket[] = [];
  binaryType = "blob";
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  readonly url: string;
  readonly protocols: string[];
  readonly sent: Uint8Array[] = [];

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
    FakeWebSocket.opened.push(this);
  }
  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }
  close(code = 1000): void {
    (this.onclose as (event: { code: number }) => void)({ code });
  }
  arrive(data: unknown): void {
    (this.onmessage as (event: { data: unknown }) => void)({ data });
  }
}

function openOne(token?: string) {
  const told: string[] = [];
  const ports = webSocketPorts({
    url: "ws://gateway/api/v1/feed",
    token: () => token,
    WebSocket: FakeWebSocket,
    nowMs: () => 5,
    random: () => 0.5,
    setTimeout: (run) => run(),
    clearTimeout: () => undefined,
  });
  const socket = ports.openSocket("proto", {
    received: (bytes) => told.push(`received ${bytes.length}`),
    closed: (isRefused) => told.push(isRefused ? "refused" : "closed"),
  });
  return { socket, told, web: FakeWebSocket.opened.at(-1)! };
}

test("the feed is on the origin of the page, encrypted where the page is", () => {
  expect(feedUrl({ protocol: "http:", host: "127.0.0.1:8080" })).toBe("ws://127.0.0.1:8080/api/v1/feed");
  expect(feedUrl({ protocol: "https:", host: "burn.example" })).toBe("wss://burn.example/api/v1/feed");
});

test("binary messages arrive as bytes, text does not arrive", () => {
  const { told, web } = openOne();
  expect([web.url, web.protocols, web.binaryType]).toEqual(["ws://gateway/api/v1/feed", ["proto"], "arraybuffer"]);
  web.arrive(new ArrayBuffer(3));
  web.arrive("text");
  expect(told).toEqual(["received 3"]);
});

test("a close is told once, and not at all when we closed", () => {
  const lost = openOne();
  lost.web.close();
  lost.web.close();
  expect(lost.told).toEqual(["closed"]);
  const own = openOne();
  own.socket.close();
  expect(own.told).toEqual([]);
});

test("nothing is sent before the server has spoken, nor after the end", () => {
  const { socket, web } = openOne();
  socket.send(new Uint8Array([1]));
  web.arrive(new ArrayBuffer(1));
  socket.send(new Uint8Array([2]));
  web.close();
  socket.send(new Uint8Array([3]));
  expect(web.sent.map((bytes) => [...bytes])).toEqual([[2]]);
});

test("a token goes along as a subprotocol of its own, and only where there is one", () => {
  expect(openOne("a.b.c").web.protocols).toEqual(["proto", `${SUBPROTOCOL_TOKEN_PREFIX}a.b.c`]);
  expect(openOne().web.protocols).toEqual(["proto"]);
});

test("only the gateway's own close code says that the token was refused", () => {
  for (const [code, said] of [
    [CLOSE_UNAUTHORIZED, "refused"],
    [1006, "closed"],
    [1012, "closed"],
  ] as const) {
    const { told, web } = openOne();
    web.close(code);
    expect(told).toEqual([said]);
  }
});
