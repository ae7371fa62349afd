import { setTimeout as delay } from "node:timers/promises";
import { fromJsonString, ServerMessageSchema, SUBPROTOCOL_JSON } from "@burnline/contract";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { SESSION_LIMITS } from "./client-session.ts";
import { type Harness, type HarnessOptions, startHarness, TestClient } from "./testing/gateway-harness.ts";
import { alertFact, lapFact, liveValue, raceFact, windowFact } from "./testing/race-inputs.ts";

const running: Harness[] = [];

const disconnected = (reason: string) => `gateway_clients_disconnected_total{reason="${reason}"}`;
const inputs = (kind: string, outcome: string) => `gateway_inputs_total{kind="${kind}",outcome="${outcome}"}`;

async function start(options: HarnessOptions = {}): Promise<Harness> {
  const harness = await startHarness(options);
  running.push(harness);
  return harness;
}

async function connect(harness: Harness, protocol?: string): Promise<TestClient> {
  return new TestClient(harness.port, protocol).opened();
}

afterEach(async () => {
  for (const harness of running.splice(0)) await harness.stop();
});

describe("gateway: feed", () => {
  test("hello, then one snapshot, then deltas with only what changed", async () => {
    const harness = await start();
    await harness.append(raceFact(["4", "24"]), lapFact("24", 1));
    harness.publish(liveValue("24", 100));
    const client = await connect(harness);
    const hello = await client.first("hello");
    expect(hello).toMatchObject({ protocolVersion: 1, maxUpdatesPerSecond: 10 });
    expect(hello.serverInstance).not.toBe("");
    client.subscribe(7, "board");
    const snapshot = await client.first("snapshot", (one) => one.cars.length === 2);
    expect(snapshot).toMatchObject({ id: 7, topic: "board" });
    expect(snapshot.race?.definition?.entries).toHaveLength(2);
    expect(snapshot.cars.find((car) => car.car === "24")?.lastLap?.lapNumber).toBe(1);
    harness.publish(liveValue("24", 200));
    const delta = await client.first("delta", (one) => one.cars.some((car) => car.live !== undefined));
    expect(delta.id).toBe(7);
    expect(delta.cars.map((car) => [car.car, car.live?.eventTimeMs, car.lastLap, car.entry])).toEqual([
      ["24", liveValue("24", 200).eventTimeMs, undefined, undefined],
    ]);
    expect(client.all("snapshot")).toHaveLength(1);
  });

  test("a car's topic has its laps and alerts; the alerts topic all alerts; unsubscribe ends it", async () => {
    const harness = await start();
    await harness.append(
      lapFact("24", 1),
      lapFact("24", 2),
      lapFact("4", 1),
      alertFact("24", 0, true),
      alertFact("4", 0, true),
    );
    const client = await connect(harness);
    client.subscribe(1, "car/24");
    client.subscribe(2, "alerts");
    const car = await client.first("snapshot", (one) => one.id === 1);
    expect([car.laps.length, car.alerts.length, car.cars.length]).toEqual([2, 1, 1]);
    expect((await client.first("snapshot", (one) => one.id === 2)).alerts).toHaveLength(2);
    await harness.append(lapFact("24", 2, 1), alertFact("4", 1, false));
    expect((await client.first("delta", (one) => one.id === 1)).laps.map((lap) => lap.id)).toEqual(["lap:24:2:1"]);
    const retracted = await client.first("delta", (one) => one.id === 2);
    expect(retracted.alerts.map((alert) => alert.body.case === "alert" && alert.body.value.active)).toEqual([false]);
    client.send({ op: { case: "unsubscribe", value: { id: 1 } } });
    client.send({ op: { case: "ping", value: { clientTimeMs: 5 } } });
    expect((await client.first("pong")).clientTimeMs).toBe(5);
    const before = client.all("delta").filter((one) => one.id === 1).length;
    await harness.append(lapFact("24", 3), alertFact("4", 2, true));
    await client.first("delta", (one) => one.alerts.some((alert) => alert.revision === 2));
    expect(client.all("delta").filter((one) => one.id === 1)).toHaveLength(before);
  });

  test("two clients at the same version share one encoding, whatever ids they chose", async () => {
    const harness = await start();
    await harness.append(raceFact(["4", "24"]));
    const clients = await Promise.all([connect(harness), connect(harness), connect(harness)]);
    for (const [index, client] of clients.entries()) client.subscribe(index + 1, "board");
    for (const client of clients) await client.first("snapshot");
    await delay(150);
    const before = harness.gateway.feed.encoder.encodeCount;
    harness.publish(liveValue("24", 100));
    for (const [index, client] of clients.entries()) {
      const delta = await client.first("delta", (one) => one.cars[0]?.live !== undefined);
      expect(delta.id).toBe(index + 1);
    }
    expect(harness.gateway.feed.encoder.encodeCount - before).toBe(1);
  });

  test("no client gets more than ten updates a second, and the last value always arrives", async () => {
    const harness = await start();
    const client = await connect(harness);
    client.subscribe(1, "board");
    await client.first("snapshot");
    const startedMs = performance.now();
    for (let ms = 0; ms < 600; ms += 5) {
      harness.publish(liveValue("24", ms));
      await delay(5);
    }
    await client.first("delta", (one) => one.cars[0]?.live?.eventTimeMs === liveValue("24", 595).eventTimeMs);
    const elapsedMs = performance.now() - startedMs;
    expect(client.all("delta").length).toBeLessThanOrEqual(Math.ceil(elapsedMs / 100) + 1);
    expect(client.all("delta").length).toBeGreaterThan(3);
  });

  test("JSON speaks the same protocol in text", async () => {
    const harness = await start();
    await harness.append(raceFact(["24"]), windowFact("24", 3));
    const client = await connect(harness, SUBPROTOCOL_JSON);
    client.socket.send('{"subscribe":{"id":3,"topic":"board","somethingNewer":true}}');
    const snapshot = await client.first("snapshot", (one) => one.cars.length === 1);
    expect([snapshot.id, snapshot.cars[0]?.lastWindow?.samples]).toEqual([3, 120]);
    harness.publish(liveValue("24", 100));
    expect((await client.first("delta")).id).toBe(3);
  });
});

describe("gateway: bad input", () => {
  test.each([
    ["garbage", Buffer.from([255, 1, 2, 3]), "bad-message"],
    ["nothing", Buffer.alloc(0), "bad-message"],
    ["text on the binary protocol", "hello", "bad-message"],
  ])("%s is answered with an error and the connection lives on", async (_name, sent, code) => {
    const harness = await start();
    const client = await connect(harness);
    client.socket.send(sent);
    const error = await client.first("error");
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[A-Z].*\.$/);
    client.subscribe(1, "board");
    await client.first("snapshot");
  });

  test("a 10 MB message closes with 1009 and harms nobody", async () => {
    const harness = await start();
    const [bad, good] = [await connect(harness), await connect(harness)];
    good.subscribe(1, "board");
    await good.first("snapshot");
    bad.socket.send(Buffer.alloc(10 * 1024 * 1024));
    expect((await bad.closed).code).toBe(1009);
    await vi.waitFor(async () => expect(await harness.metric(disconnected("too-large"))).toBe(1));
    harness.publish(liveValue("24", 100));
    await good.first("delta");
  });

  test("a foreign page is refused with 403, an unknown or missing subprotocol with 400", async () => {
    const harness = await start();
    const refusal = (url: string, protocols: string[], headers: Record<string, string>) =>
      new Promise<[number, string]>((resolve) => {
        const socket = new WebSocket(url, protocols, { headers });
        socket.on("error", () => {});
        socket.on("unexpected-response", async (_request, response) => {
          const body = await response.toArray();
          resolve([response.statusCode ?? 0, JSON.parse(String(Buffer.concat(body))).code]);
        });
      });
    const url = `ws://127.0.0.1:${harness.port}/api/v1/feed`;
    expect(await refusal(url, [SUBPROTOCOL_JSON], { origin: "https://evil.example" })).toEqual([403, "foreign-origin"]);
    expect(await refusal(url, ["burnline.v9.proto"], {})).toEqual([400, "unsupported-protocol"]);
    expect(await refusal(url, [], {})).toEqual([400, "unsupported-protocol"]);
    expect(await harness.metric(disconnected("refused"))).toBe(3);
  });

  test("undecodable facts and live values are counted and change nothing", async () => {
    const harness = await start();
    harness.live.publish("live.test-race.24", Buffer.from("garbage"));
    await harness.log.append([{ partition: 0, subject: "fact.test-race.lap.24", payload: Buffer.from("garbage") }]);
    await harness.append(lapFact("24", 1));
    await vi.waitFor(async () => expect(await harness.metric(inputs("fact", "applied"))).toBe(1));
    expect([
      await harness.metric(inputs("fact", "undecodable")),
      await harness.metric(inputs("live", "undecodable")),
    ]).toEqual([1, 1]);
  });
});

describe("gateway: slow and many clients", () => {
  /** One long alert, sixteen times a flush: 1 MB, so that the kernel's socket buffers are full within a second or two. */
  async function reviseLongAlert(harness: Harness, revision: number): Promise<void> {
    const alert = alertFact("24", revision, true);
    if (alert.body.case === "alert") alert.body.value.text = "x".repeat(60_000);
    await harness.append(alert);
    harness.publish(liveValue("24", revision * 100));
    await delay(30);
  }

  async function followAlerts(client: TestClient): Promise<void> {
    for (let id = 1; id <= 16; id++) client.subscribe(id, "alerts");
    for (let id = 1; id <= 16; id++) await client.first("snapshot", (one) => one.id === id);
  }

  test("a client that does not read is conflated, then closed with 1013, and the others do not notice", async () => {
    const sessionLimits = { ...SESSION_LIMITS, softBytesMax: 64 * 1024, stallMsMax: 600 };
    const harness = await start({ options: { sessionLimits } });
    const [slow, good] = [await connect(harness), await connect(harness)];
    await followAlerts(slow);
    good.subscribe(1, "board");
    await good.first("snapshot");
    slow.socket.pause();
    let revision = 0;
    while ((await harness.metric(disconnected("stalled"))) === 0) await reviseLongAlert(harness, ++revision);
    expect(await harness.metric("gateway_frames_conflated_total")).toBeGreaterThan(0);
    const last = liveValue("1", 1e6);
    harness.publish(last);
    await good.first("delta", (one) => one.cars.some((car) => car.live?.eventTimeMs === last.eventTimeMs));
    expect(good.socket.readyState).toBe(WebSocket.OPEN);
    expect(await harness.metric("gateway_clients_count")).toBe(1);
    slow.socket.resume();
    await slow.closed;
  });

  test("a client that was conflated and reads again gets merged deltas up to the newest", async () => {
    const harness = await start({ options: { sessionLimits: { ...SESSION_LIMITS, softBytesMax: 64 * 1024 } } });
    const client = await connect(harness);
    await followAlerts(client);
    client.socket.pause();
    let revision = 0;
    while ((await harness.metric("gateway_frames_conflated_total")) < 32) await reviseLongAlert(harness, ++revision);
    client.socket.resume();
    await reviseLongAlert(harness, ++revision);
    await client.first("delta", (one) => one.id === 7 && one.alerts[0]?.revision === revision);
    const revisions = client
      .all("delta")
      .flatMap((one) => (one.id === 7 ? one.alerts.map((fact) => fact.revision) : []));
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    expect(revisions.length).toBeLessThan(revision);
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("a client beyond the cap is sent away with 1013", async () => {
    const harness = await start({ options: { clientsMax: 1 } });
    const first = await connect(harness);
    const second = await connect(harness);
    expect((await second.closed).code).toBe(1013);
    expect(await harness.metric(disconnected("full"))).toBe(1);
    first.subscribe(1, "board");
    await first.first("snapshot");
  });

  test("a flood is closed with 1008", async () => {
    const harness = await start();
    const client = await connect(harness);
    for (let index = 0; index < 200; index++) client.send({ op: { case: "ping", value: { clientTimeMs: index } } });
    expect((await client.closed).code).toBe(1008);
  });
});

describe("gateway: start and stop", () => {
  test("after a restart on the same log a client gets another instance and a fresh snapshot of the same facts", async () => {
    const first = await start();
    await first.append(raceFact(["4", "24"]), ...Array.from({ length: 30 }, (_, lap) => lapFact("24", lap + 1)));
    const client = await connect(first);
    client.subscribe(1, "car/24");
    await client.first("snapshot", (one) => one.laps.length === 30);
    running.splice(running.indexOf(first), 1);
    await first.stop();
    expect(await client.closed).toEqual({ code: 1012, reason: "service restart" });
    const second = await start({ log: first.log, port: first.port });
    const again = await connect(second);
    again.subscribe(1, "car/24");
    const snapshot = await again.first("snapshot");
    expect(snapshot.laps).toHaveLength(30);
    expect((await again.first("hello")).serverInstance).not.toBe((await client.first("hello")).serverInstance);
  });

  test("before the view is whole a client gets hello but no snapshot, and REST says to come back", async () => {
    const harness = await start({ unstarted: true });
    await harness.append(raceFact(["24"]));
    const client = await connect(harness);
    client.subscribe(1, "board");
    await client.first("hello");
    const ready = await fetch(`http://127.0.0.1:${harness.port}/healthz/ready`);
    expect(ready.status).toBe(503);
    const response = await fetch(`http://127.0.0.1:${harness.port}/api/v1/race`);
    expect([response.status, await response.json()]).toMatchObject([503, { code: "rebuilding" }]);
    expect(client.all("snapshot")).toHaveLength(0);
    await harness.gateway.start();
    expect((await client.first("snapshot")).cars).toHaveLength(1);
  });

  test("every message on the wire is a ServerMessage in its own encoding", async () => {
    const harness = await start();
    const client = new WebSocket(`ws://127.0.0.1:${harness.port}/api/v1/feed`, SUBPROTOCOL_JSON);
    const texts: string[] = [];
    client.on("message", (data, isBinary) => {
      expect(isBinary).toBe(false);
      texts.push(String(data));
    });
    client.on("open", () => client.send('{"subscribe":{"id":1,"topic":"weather"}}'));
    await vi.waitFor(() => expect(texts).toHaveLength(2));
    const messages = texts.map((text) => fromJsonString(ServerMessageSchema, text).op.case);
    expect(messages).toEqual(["hello", "error"]);
    client.close();
  });
});
