import { create, RaceDefinitionSchema, TelemetryFrameSchema, toBinary, toJson } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { MemoryEventLog, Metrics, wallClock } from "@burnline/runtime";
import { afterEach, describe, expect, test } from "vitest";
import { createIngest, type Ingest } from "./ingest.ts";
import { NatsSource, type UpstreamConnection, type UpstreamMessage } from "./nats-source.ts";
import { natsAnswer } from "./nats-source-answer.ts";
import { createIngestMetrics } from "./prometheus-metrics.ts";
import { PUSH_ANSWERS } from "./push-answer.ts";
import { PUSH_ITEMS_MAX, PUSH_MESSAGE_BYTES_MAX } from "./push-decoder.ts";
import { PUSH_QUEUE_ITEMS_MAX, PushSource } from "./push-source.ts";
import { expectSentence, quietLogger } from "./testing.ts";

type Callback = (error: Error | null, message: UpstreamMessage) => void;

/** A server with one subscriber a subject: what is sent arrives at once, what is answered is kept. */
class FakeConnection implements UpstreamConnection {
  readonly heard = new Map<string, { readonly queue: string; readonly callback: Callback }>();
  isDraining = false;

  subscribe(subject: string, options: { readonly queue: string; readonly callback: Callback }) {
    this.heard.set(subject, options);
    return {
      drain: async () => {
        this.isDraining = true;
        this.heard.delete(subject);
      },
    };
  }

  /** @returns the answer to come */
  send(subscription: string, data: Uint8Array | string, reply = "_INBOX.1"): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const message: UpstreamMessage = {
      data: typeof data === "string" ? new TextEncoder().encode(data) : data,
      reply,
      respond: (payload) => {
        resolve(typeof payload === "string" ? payload : new TextDecoder().decode(payload));
        return true;
      },
    };
    const subscriber = this.heard.get(subscription);
    if (subscriber === undefined) throw new Error(`nobody hears ${subscription}`);
    subscriber.callback(null, message);
    return promise;
  }
}

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

const race = create(RaceDefinitionSchema, { race: "r", entries: [{ car: "24" }], closedEntryList: true });
const nowFrame = (overrides: Parameters<typeof frame>[0] = {}) =>
  frame({ eventTimeMs: Math.floor(wallClock.nowMs()) - 100, ...overrides });
const encoded = (overrides: Parameters<typeof frame>[0] = {}) => toBinary(TelemetryFrameSchema, nowFrame(overrides));
const asJson = (overrides: Parameters<typeof frame>[0] = {}) =>
  JSON.stringify(toJson(TelemetryFrameSchema, nowFrame(overrides)));

async function setUp({ withoutIngest = false } = {}) {
  const source = new PushSource({ clock: wallClock, race });
  const log = new MemoryEventLog(wallClock);
  const registry = new Metrics(["ingest"]);
  const metrics = createIngestMetrics(registry);
  const connection = new FakeConnection();
  const upstream = new NatsSource({ connection, subject: "feed.r", source, metrics, logger: quietLogger });
  let ingest: Ingest | undefined;
  if (!withoutIngest) {
    ingest = createIngest({ raceLog: log, source, clock: wallClock, logger: quietLogger, metrics });
    await ingest.start();
    running.push(() => ingest?.stop() ?? Promise.resolve());
  }
  upstream.start();
  const telemetry = async () => {
    const reader = await log.open({ after: 0 });
    const records = await reader.next(100_000, 0);
    await reader.close();
    return records.filter(({ subject }) => subject.includes(".tel."));
  };
  return { source, log, registry, connection, upstream, telemetry };
}

describe("messages of an upstream subject", () => {
  test("are heard as one of the race's queue group, on subjects that say what they are", async () => {
    const { connection } = await setUp();
    expect([...connection.heard].map(([subject, { queue }]) => [subject, queue])).toEqual([
      ["feed.r.frames", "ingest-r"],
      ["feed.r.frames.>", "ingest-r"],
      ["feed.r.events", "ingest-r"],
      ["feed.r.events.>", "ingest-r"],
    ]);
  });

  test("are answered once the log has them, with what was refused and why", async () => {
    const { connection, telemetry } = await setUp();
    const answers = await Promise.all([
      connection.send("feed.r.frames", encoded({ sourceSequence: 0 })),
      connection.send("feed.r.frames.>", asJson({ sourceSequence: 1 })),
      connection.send("feed.r.frames", `[${asJson({ sourceSequence: 2 })},${asJson({ car: "99" })}]`),
      connection.send(
        "feed.r.events",
        JSON.stringify({ id: "e", effectiveFromMs: wallClock.nowMs(), pitRoadEntered: { car: "24" } }),
      ),
    ]);
    expect(answers.map((answer): unknown => JSON.parse(answer))).toEqual([
      { accepted: 1, rejected: {} },
      { accepted: 1, rejected: {} },
      { accepted: 1, rejected: { "unknown-car": 1 } },
      { accepted: 1, rejected: {} },
    ]);
    expect(await telemetry()).toHaveLength(3);
  });

  test("that nobody waits for are taken all the same", async () => {
    const { connection, telemetry } = await setUp();
    const subscriber = connection.heard.get("feed.r.frames");
    subscriber?.callback(null, { data: encoded(), respond: () => expect.unreachable("nobody asked") });
    // The answer to a later one comes when both are in the log.
    await connection.send("feed.r.frames", encoded({ sourceSequence: 1 }));
    expect(await telemetry()).toHaveLength(2);
  });

  test("that are no messages of ours cost themselves only, and are counted", async () => {
    const { connection, registry, telemetry } = await setUp();
    const codes: unknown[] = [];
    for (const data of [
      new Uint8Array(0),
      "{",
      "[]",
      new Uint8Array([200, 200]),
      new Uint8Array(PUSH_MESSAGE_BYTES_MAX + 1),
    ]) {
      const { error } = JSON.parse(await connection.send("feed.r.frames", data)) as {
        error: { code: string; message: string };
      };
      expectSentence(error.message.replace(";", ","));
      codes.push(error.code);
    }
    expect(codes).toEqual(["empty-message", "not-json", "empty-message", "truncated-message", "too-large"]);
    const many = `[${Array.from({ length: PUSH_ITEMS_MAX + 1 }, () => "{}").join(",")}]`;
    expect(await connection.send("feed.r.frames", many)).toContain("too-many-items");
    await connection.send("feed.r.frames", encoded());
    expect(await telemetry()).toHaveLength(1);
    expect(await registry.render()).toContain('ingest_push_messages_refused_total{reason="not-json"} 1');
  });

  test("whose length, as the first byte, is the letter with which JSON begins are protobuf", async () => {
    const { connection } = await setUp();
    for (const opener of ["{", "["]) {
      const length = opener.charCodeAt(0);
      const one = frameOfLength(length);
      const answer = await connection.send("feed.r.frames", new Uint8Array([length, ...one]));
      expect(JSON.parse(answer)).toEqual({ accepted: 1, rejected: {} });
    }
  });
});

/** A frame of one channel whose encoding has so many bytes. */
function frameOfLength(bytes: number): Uint8Array {
  for (let samples = 1; samples <= 64; samples++) {
    // Throttle up to 127 takes one byte a sample, above two: any length can be made.
    for (let wide = 0; wide <= samples; wide++) {
      const column = (valueAt: (index: number) => number) =>
        Array.from({ length: samples }, (_, index) => valueAt(index));
      const throttleBasisPoints = column((index) => (index < wide ? 1_000 : 1));
      const none = { rpmTenths: [], speedMmPerS: [], lapPositionPpm: [], lapNumber: [], statusBits: [] };
      const one = encoded({ offsetMs: column(() => 0), throttleBasisPoints, ...none });
      if (one.length === bytes) return one;
    }
  }
  throw new Error(`no frame has ${bytes} bytes`);
}

describe("under pressure and at the end", () => {
  test("a full queue refuses the message, and says that it may come again", async () => {
    const { connection, source } = await setUp({ withoutIngest: true });
    const one = JSON.parse(asJson()) as object;
    const full = JSON.stringify(Array.from({ length: PUSH_ITEMS_MAX }, () => one));
    for (let sent = 0; sent + PUSH_ITEMS_MAX <= PUSH_QUEUE_ITEMS_MAX; sent += PUSH_ITEMS_MAX) {
      void connection.send("feed.r.frames", full);
    }
    expect(source.depth).toBeGreaterThan(0);
    expect(await connection.send("feed.r.frames", full)).toContain("queue-full");
    expect(await connection.send("feed.r.frames", full, "$JS.ACK.s.c.1.1.1.1.0")).toBe("-NAK");
  });

  test("a stop hears nothing new and waits for the answers to what it took", async () => {
    const { connection, upstream, telemetry } = await setUp();
    const answers = Array.from({ length: 50 }, (_, index) =>
      connection.send("feed.r.frames", encoded({ sourceSequence: index })),
    );
    await upstream.stop();
    expect(connection.heard.size).toBe(0);
    const settled = await Promise.race([Promise.all(answers), new Promise((resolve) => setImmediate(resolve, "late"))]);
    expect(settled).not.toBe("late");
    expect(await telemetry()).toHaveLength(50);
  });
});

describe("the answer to a consumer of a stream", () => {
  const REPLY = "$JS.ACK.stream.consumer.1.2.3.4.5";
  const ack = (accepted: number, rejected: Record<string, number>) => ({ ack: { accepted, rejected } });

  test.each([
    [ack(3, {}), "+ACK"],
    [ack(0, { "unknown-car": 3 }), "+ACK"],
    [ack(2, { closing: 1 }), "-NAK"],
    [ack(0, { "log-unavailable": 1 }), "-NAK"],
    [ack(2, { "ancient-time": 1 }), "+ACK"],
    [ack(2, { "clock-in-doubt": 1 }), '-NAK {"delay":1000000000}'],
    [ack(2, { "clock-in-doubt": 1, closing: 1 }), "-NAK"],
    [{ fault: "queue-full" } as const, "-NAK"],
    [{ fault: "not-json" } as const, "+TERM"],
    [{ fault: "too-large" } as const, "+TERM"],
  ])("%j is %s: again only what another attempt can mend", (outcome, word) => {
    expect(natsAnswer(outcome, REPLY, PUSH_ANSWERS)).toBe(word);
  });
});
