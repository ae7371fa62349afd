import {
  ControlEventSchema,
  FlagState,
  type TelemetryFrame,
  TelemetryFrameSchema,
  toBinary,
  toJson,
} from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { Health, HttpServer, MemoryEventLog, Metrics, wallClock } from "@burnline/runtime";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createIngest, type Ingest } from "./ingest.ts";
import { createIngestMetrics } from "./prometheus-metrics.ts";
import { PUSH_ITEMS_MAX } from "./push-decoder.ts";
import { PushEndpoint } from "./push-endpoint.ts";
import { PUSH_QUEUE_ITEMS_MAX, PushSource } from "./push-source.ts";
import { SenderCheck } from "./sender-check.ts";
import { controlEvent, expectSentence, quietLogger } from "./testing.ts";

const running: { ingest: Ingest | undefined; endpoint: PushEndpoint; server: HttpServer }[] = [];
afterEach(async () => {
  for (const { ingest, endpoint, server } of running.splice(0)) {
    await endpoint.close();
    await ingest?.stop();
    await server.stop();
  }
});

async function serve(options: { token?: string; withoutIngest?: boolean } = {}) {
  const metrics = new Metrics(["ingest"]);
  const server = new HttpServer({ host: "127.0.0.1", port: 0, health: new Health(), metrics });
  const source = new PushSource({ clock: wallClock });
  const ingestMetrics = createIngestMetrics(metrics);
  const endpoint = new PushEndpoint({
    server,
    source,
    metrics: ingestMetrics,
    logger: quietLogger,
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  const log = new MemoryEventLog(wallClock);
  const ingest =
    options.withoutIngest === true
      ? undefined
      : createIngest({ raceLog: log, source, clock: wallClock, logger: quietLogger, metrics: ingestMetrics });
  await ingest?.start();
  await server.start();
  running.push({ ingest, endpoint, server });
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type: string, headers = {}) =>
    fetch(`http://127.0.0.1:${server.port}/api/v1/ingest/${path}`, {
      method: "POST",
      body,
      headers: { "content-type": type, ...headers },
    });
  return { server, source, log, metrics, post, wsUrl: `ws://127.0.0.1:${server.port}/api/v1/ingest/ws` };
}

const JSON_TYPE = "application/json";
const PROTO_TYPE = "application/x-protobuf";
const now = (overrides = {}) => frame({ eventTimeMs: Date.now() - 200, ...overrides });
const json = (one: TelemetryFrame) => toJson(TelemetryFrameSchema, one);
const proto = (one: TelemetryFrame) => Uint8Array.from(toBinary(TelemetryFrameSchema, one));
const delimited = (frames: readonly TelemetryFrame[]) =>
  Uint8Array.from(
    frames.flatMap((one) => {
      const bytes = proto(one);
      return [(bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes];
    }),
  );
const telemetryIn = async (log: MemoryEventLog) => {
  const reader = await log.open({ after: 0 });
  return (await reader.next(100_000, 0)).filter(({ subject }) => subject.includes(".tel."));
};

describe("frames over HTTP", () => {
  test.each<[string, () => string | Uint8Array<ArrayBuffer>, string, number]>([
    ["one in JSON", () => JSON.stringify(json(now())), JSON_TYPE, 1],
    ["several in JSON", () => JSON.stringify([json(now()), json(now({ car: "9" }))]), JSON_TYPE, 2],
    ["one in protobuf", () => proto(now()), PROTO_TYPE, 1],
    ["several in protobuf", () => delimited([now(), now({ car: "9" }), now({ car: "7" })]), PROTO_TYPE, 3],
  ])("%s are in the log when the answer comes", async (_, body, type, count) => {
    const { post, log } = await serve();
    const response = await post("frames", body(), type);
    expect([response.status, await response.json()]).toEqual([200, { accepted: count, rejected: {} }]);
    expect(await telemetryIn(log)).toHaveLength(count);
  });

  test("faulty ones are told by reason and counted, and cost the others nothing", async () => {
    const { post, metrics } = await serve();
    const body = [
      json(now()),
      json(now({ car: "a.b" })),
      json(now({ eventTimeMs: 1e15 })),
      { car: 7 },
      json(now({ eventTimeMs: 5 })),
    ];
    const response = await post("frames", JSON.stringify(body), JSON_TYPE);
    expect(await response.json()).toEqual({
      accepted: 1,
      rejected: { "bad-car-id": 1, "future-time": 1, undecodable: 1, "ancient-time": 1 },
    });
    expect(await metrics.render()).toContain('ingest_frames_rejected_total{reason="bad-car-id"} 1');
    expect(await metrics.render()).toContain("ingest_frames_admitted_total 1");
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>, string, number]>([
    ["of 10 MB", new Uint8Array(10_000_000), PROTO_TYPE, 413],
    ["empty", "", JSON_TYPE, 400],
    ["an empty list", "[]", JSON_TYPE, 400],
    ["not JSON", "{", JSON_TYPE, 400],
    ["cut off", new Uint8Array([0x7f, 1, 2]), PROTO_TYPE, 400],
    ["too many items", JSON.stringify(Array(PUSH_ITEMS_MAX + 1).fill(0)), JSON_TYPE, 413],
    ["of an unknown type", "<x/>", "text/xml", 415],
  ])("a message %s is refused as a whole, in one sentence", async (_, body, type, status) => {
    const { post } = await serve();
    const response = await post("frames", body, type);
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { message: string } };
    expectSentence(error.message);
  });

  test("a full queue is answered with 429, and with room again later", async () => {
    const { post, source } = await serve({ withoutIngest: true });
    const entries = Array.from({ length: PUSH_QUEUE_ITEMS_MAX }, () => ({ type: "frame", frame: now() }) as const);
    void source.offer(entries, 1_000);
    const response = await post("frames", JSON.stringify(json(now())), JSON_TYPE);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "1"]);
  });
});

test("events over HTTP go to every partition, a repeated one once", async () => {
  const { post, log } = await serve();
  const flag = { id: "f1", effectiveFromMs: Date.now(), flagChanged: { flag: "FLAG_STATE_CAUTION" } };
  expect(await (await post("events", JSON.stringify(flag), JSON_TYPE)).json()).toEqual({ accepted: 1, rejected: {} });
  const event = controlEvent({
    id: "f1",
    effectiveFromMs: Date.now(),
    event: { case: "flagChanged", value: { flag: FlagState.RED } },
  });
  const again = await post("events", Uint8Array.from(toBinary(ControlEventSchema, event)), PROTO_TYPE);
  expect(await again.json()).toEqual({ accepted: 0, rejected: { "duplicate-control": 1 } });
  const reader = await log.open({ after: 0 });
  expect((await reader.next(100_000, 0)).filter(({ subject }) => subject.endsWith("flag_changed"))).toHaveLength(64);
});

describe("who may push", () => {
  test("with a token: whoever has it", async () => {
    const { post, wsUrl, metrics } = await serve({ token: "s3cret" });
    const body = JSON.stringify(json(now()));
    expect((await post("frames", body, JSON_TYPE)).status).toBe(401);
    expect((await post("frames", body, JSON_TYPE, { authorization: "Bearer s3cre" })).status).toBe(401);
    expect((await post("frames", body, JSON_TYPE, { authorization: "Bearer s3cret" })).status).toBe(200);
    expect(await statusOf(new WebSocket(wsUrl))).toBe(401);
    expect(await statusOf(new WebSocket(wsUrl, { headers: { authorization: "Bearer s3cret" } }))).toBe(101);
    expect(await metrics.render()).toContain('ingest_push_messages_refused_total{reason="unauthorized"} 3');
  });

  test("without one: programs on this machine, no page of another site", async () => {
    const { post, server, wsUrl } = await serve();
    const body = JSON.stringify(json(now()));
    expect((await post("frames", body, JSON_TYPE, { origin: "http://evil.example" })).status).toBe(403);
    expect((await post("frames", body, JSON_TYPE, { origin: `http://127.0.0.1:${server.port}` })).status).toBe(200);
    expect(await statusOf(new WebSocket(wsUrl, { origin: "http://evil.example" }))).toBe(403);
    const check = new SenderCheck(undefined);
    expect(check.faultOf({ headers: {}, remoteAddress: "192.168.1.5" })).toBe("not-local");
    expect(check.faultOf({ headers: {}, remoteAddress: undefined })).toBe("not-local");
    for (const remoteAddress of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
      expect(check.faultOf({ headers: {}, remoteAddress })).toBeUndefined();
    }
  });
});

describe("the WebSocket", () => {
  test("answers each message in order, binary and text, and survives faulty ones", async () => {
    const { wsUrl, log } = await serve();
    const client = await connected(wsUrl);
    const flag = { id: "f1", effectiveFromMs: Date.now(), flagChanged: { flag: "FLAG_STATE_GREEN" } };
    const answers = nextMessages(client, 5);
    client.send(proto(now()));
    client.send(JSON.stringify({ frames: [json(now({ car: "9" }))], events: [flag] }));
    client.send("{");
    client.send(new Uint8Array([255, 255, 255]));
    client.send(delimited([now(), now({ car: "a b" })]));
    expect((await answers).map((answer) => ("error" in answer ? answer.error.code : answer))).toEqual([
      { accepted: 1, rejected: {} },
      { accepted: 2, rejected: {} },
      "not-json",
      "truncated-message",
      { accepted: 1, rejected: { "bad-car-id": 1 } },
    ]);
    expect(await telemetryIn(log)).toHaveLength(3);
    client.close();
  });

  test("closes with 1009 and a sentence on a message of 10 MB, and others go on", async () => {
    const { wsUrl } = await serve();
    const [big, other] = [await connected(wsUrl), await connected(wsUrl)];
    const closed = new Promise<[number, string]>((resolve) =>
      big.on("close", (code, reason) => resolve([code, reason.toString()])),
    );
    big.on("error", () => {});
    big.send(new Uint8Array(10_000_000));
    const [code, reason] = await closed;
    expect(code).toBe(1009);
    expectSentence(reason);
    const answers = nextMessages(other, 1);
    other.send(proto(now()));
    expect(await answers).toEqual([{ accepted: 1, rejected: {} }]);
    other.close();
  });

  test("holds a sender back while the queue is full, and answers when there is room", async () => {
    const { wsUrl, source } = await serve({ withoutIngest: true });
    const entries = Array.from({ length: PUSH_QUEUE_ITEMS_MAX }, () => ({ type: "frame", frame: now() }) as const);
    void source.offer(entries, 1_000);
    const client = await connected(wsUrl);
    const answers = nextMessages(client, 1);
    client.send(proto(now()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(source.depth).toBe(PUSH_QUEUE_ITEMS_MAX);
    void (async () => {
      for await (const item of source.items()) if (item.type !== "skipped") item.settle?.(undefined);
    })();
    expect(await answers).toEqual([{ accepted: 1, rejected: {} }]);
    client.close();
    await source.close();
  });
});

type Answer = { error: { code: string } } | { accepted: number };

function nextMessages(client: WebSocket, count: number): Promise<Answer[]> {
  const messages: Answer[] = [];
  return new Promise((resolve) => {
    client.on("message", (data: Buffer) => {
      messages.push(JSON.parse(data.toString()) as Answer);
      if (messages.length === count) resolve(messages);
    });
  });
}

async function connected(url: string): Promise<WebSocket> {
  const client = new WebSocket(url);
  await new Promise((resolve) => client.once("open", resolve));
  return client;
}

/** 101 when the connection opened, else the HTTP status. */
function statusOf(client: WebSocket): Promise<number | undefined> {
  return new Promise((resolve) => {
    client.on("open", () => {
      client.close();
      resolve(101);
    });
    client.on("unexpected-response", (_request, response) => resolve(response.statusCode));
  });
}
