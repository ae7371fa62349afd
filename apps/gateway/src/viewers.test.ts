import { once } from "node:events";
import { CLOSE_UNAUTHORIZED, SUBPROTOCOL_PROTO, SUBPROTOCOL_TOKEN_PREFIX } from "@burnline/contract";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { VIEWER_KEY_LENGTH_MIN } from "./limits.ts";
import { type Harness, startHarness, TestClient } from "./testing/gateway-harness.ts";
import { RACE, raceFact } from "./testing/race-inputs.ts";
import { signViewerToken } from "./viewer-token.ts";

const KEY = "k".repeat(VIEWER_KEY_LENGTH_MIN);
const ORIGIN = { origin: "http://localhost:5173" };

let harness: Harness;

async function start(viewerKeys: readonly string[]): Promise<void> {
  harness = await startHarness({ options: { viewerKeys } });
  await harness.append(raceFact(["4", "24"]));
}

const token = () => signViewerToken(KEY, { name: "obs", race: RACE, days: 1 }, Date.now());
const refused = (reason: string) => harness.metric(`gateway_viewers_refused_total{reason="${reason}"}`);

afterEach(() => harness.stop());

async function snapshotOf(client: TestClient): Promise<number> {
  await client.opened();
  client.subscribe(1, "board");
  return (await client.first("snapshot", (one) => one.cars.length === 2)).cars.length;
}

test("a page with a token in its subprotocols gets the race, and the token never comes back", async () => {
  await start([KEY]);
  const client = new TestClient(
    harness.port,
    [SUBPROTOCOL_PROTO, `${SUBPROTOCOL_TOKEN_PREFIX}${await token()}`],
    ORIGIN,
  );
  expect(await snapshotOf(client)).toBe(2);
  expect(client.socket.protocol).toBe(SUBPROTOCOL_PROTO);
});

test("a program with a token in its header gets the race", async () => {
  await start([KEY]);
  const headers = { authorization: `Bearer ${await token()}` };
  expect(await snapshotOf(new TestClient(harness.port, SUBPROTOCOL_PROTO, headers))).toBe(2);
});

test("a page without one is told so by the close code, hears nothing before, and takes nobody's place", async () => {
  await start([KEY]);
  const client = new TestClient(harness.port, SUBPROTOCOL_PROTO, ORIGIN);
  expect(await client.closed).toEqual({ code: CLOSE_UNAUTHORIZED, reason: "missing-token" });
  expect(client.messages).toEqual([]);
  expect(harness.gateway.feed.clientCount).toBe(0);
  expect(await refused("missing-token")).toBe(1);
  expect(await harness.metric('gateway_clients_disconnected_total{reason="unauthorized"}')).toBe(1);
});

test("a program without one is refused with 401 before there is a connection", async () => {
  await start([KEY]);
  const headers = { authorization: "Bearer nonsense" };
  const socket = new WebSocket(`ws://127.0.0.1:${harness.port}/api/v1/feed`, SUBPROTOCOL_PROTO, { headers });
  const [error] = await once(socket, "error");
  expect(String(error)).toMatch(/401/);
  expect(await refused("bad-token")).toBe(1);
});

test("REST gives data for a token only; pages and the description are for everybody", async () => {
  await start([KEY]);
  const get = (url: string, headers = {}) => harness.server.app.inject({ url, headers });
  for (const url of ["/api/v1/race", "/api/v1/cars", "/api/v1/cars/24", "/api/v1/cars/24/laps?limit=1"]) {
    const without = await get(url);
    expect([without.statusCode, without.headers["www-authenticate"], without.json().code]).toEqual([
      401,
      "Bearer",
      "missing-token",
    ]);
    expect((await get(url, { authorization: `Bearer ${await token()}` })).statusCode, url).toBe(200);
  }
  expect((await get("/api/v1/race", { authorization: "Bearer x" })).headers["www-authenticate"]).toMatch(
    /invalid_token/,
  );
  expect((await get("/api/v1/openapi.json")).statusCode).toBe(200);
  expect((await get("/healthz/live")).statusCode).toBe(200);
});

test("without keys nobody is asked", async () => {
  await start([]);
  expect(await snapshotOf(new TestClient(harness.port, SUBPROTOCOL_PROTO, ORIGIN))).toBe(2);
  expect((await harness.server.app.inject({ url: "/api/v1/race" })).statusCode).toBe(200);
});
