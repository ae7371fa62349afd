import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Wire } from "./wire.ts";

let server: Server;
let wire: Wire;
let arrived: string[];
let sockets: Socket[];
let onArrival: () => void;

/** A server that keeps what it is told and echoes it. */
beforeEach(async () => {
  arrived = [];
  sockets = [];
  onArrival = () => undefined;
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      arrived.push(String(bytes));
      socket.write(bytes);
      onArrival();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  wire = await Wire.open((server.address() as { port: number }).port);
});

afterEach(async () => {
  await wire.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

async function open(): Promise<Socket> {
  const client = connect(wire.port, "127.0.0.1");
  client.on("error", () => undefined);
  await once(client, "connect");
  return client;
}

async function echo(client: Socket, text: string): Promise<number> {
  const beganMs = performance.now();
  client.write(text);
  expect(String((await once(client, "data"))[0])).toBe(text);
  return performance.now() - beganMs;
}

test("what is said arrives and is answered, later when the wire is slow", async () => {
  const client = await open();
  await echo(client, "a");
  wire.setDelay(60);
  expect(await echo(client, "b")).toBeGreaterThanOrEqual(119);
  client.destroy();
});

test("a blocked wire delivers what it was given once it is unblocked, also of a client that has gone", async () => {
  const client = await open();
  await echo(client, "a");
  wire.block();
  client.write("b");
  client.end();
  const late = await open();
  late.write("c");
  expect(arrived).toEqual(["a"]);
  const both = new Promise<void>((resolve) => {
    onArrival = () => {
      if (arrived.length === 3) resolve();
    };
  });
  wire.unblock();
  await both;
  expect(arrived.toSorted()).toEqual(["a", "b", "c"]);
  late.destroy();
});

test("cutting ends both sides, and the next connection goes to the new target", async () => {
  const other = createServer((socket) => {
    sockets.push(socket);
    socket.write("other");
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  const client = await open();
  await echo(client, "a");
  wire.setTarget((other.address() as { port: number }).port);
  wire.cut();
  await once(client, "close");
  const next = await open();
  expect(String((await once(next, "data"))[0])).toBe("other");
  next.destroy();
  other.close();
});
