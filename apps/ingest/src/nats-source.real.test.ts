import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fromBinary, subjects, TelemetryFrameSchema, TickSchema, toBinary } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { connectNats, createLogger, type NatsLink, openRaceLog, wallClock } from "@burnline/runtime";
import { type RealServer, startNatsServer } from "@burnline/runtime/testing";
import type { LogRecord } from "@burnline/stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const RACE = "r";
const SUBJECT = "feed.r";
const CARS = Array.from({ length: 10 }, (_, index) => `${index}`);
const LIMITS = { replicas: 1, maxAgeMs: 3_600_000, maxBytes: 256 * 1024 ** 2 };
const MAIN = new URL("./main.ts", import.meta.url).pathname;
const ANSWER_MS_MAX = 1_000;
const WAIT = { timeout: 15_000, interval: 50 };
const logger = createLogger({ service: "test", level: "silent", format: "json" });

let nats: RealServer;
let link: NatsLink;
let ingests: IngestChild[];

beforeEach(async () => {
  nats = await startNatsServer();
  link = await connectNats({ servers: [nats.url], name: "test" });
  ingests = [];
});
afterEach(async () => {
  for (const ingest of ingests) await ingest.end("SIGKILL");
  await link.close();
  await nats.stop();
});

class IngestChild {
  readonly #child: ChildProcess;
  readonly url: Promise<string>;

  constructor(url: string) {
    const flags = ["--race", RACE, "--nats", url, "--source", `nats:${SUBJECT}`, "--port", "0"];
    const limits = [
      "--stream-gb",
      `${LIMITS.maxBytes / 1024 ** 3}`,
      "--stream-days",
      `${LIMITS.maxAgeMs / 86_400_000}`,
    ];
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...flags, ...limits]);
    const lines: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => {
        lines.push(line);
        const fields = line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : {};
        if (fields.msg === "ingest runs") resolve(`http://127.0.0.1:${String(fields.port)}`);
      });
    }
    this.#child.once("exit", (code) => reject(new Error(`ingest ended with ${code}: ${lines.join("\n")}`)));
    this.url = promise;
    promise.catch(() => {});
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode;
  }

  framesAdmitted(): Promise<number> {
    return this.metric("ingest_frames_admitted_total");
  }

  /** NaN: not there. */
  async metric(name: string): Promise<number> {
    const lines = (await (await fetch(`${await this.url}/metrics`)).text()).split("\n");
    return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length));
  }
}

async function startIngests(count: number): Promise<readonly IngestChild[]> {
  ingests = Array.from({ length: count }, () => new IngestChild(nats.url));
  await Promise.all(ingests.map(({ url }) => url));
  return ingests;
}

const encoded = (car: string, sourceSequence: number, aheadMs = -100) =>
  toBinary(TelemetryFrameSchema, frame({ car, sourceSequence, eventTimeMs: Math.floor(wallClock.nowMs()) + aheadMs }));

/** Sends again what was not answered, as a car's sender does. */
async function sendUntilAcknowledged(car: string, sequence: number): Promise<void> {
  const payload = encoded(car, sequence);
  for (;;) {
    try {
      const answer = await link.connection.request(`${SUBJECT}.frames.${car}`, payload, { timeout: ANSWER_MS_MAX });
      if (answer.json<{ accepted?: number }>().accepted === 1) return;
    } catch {
      // Nobody answered: whether the log has it is not known.
    }
  }
}

async function logged(): Promise<readonly LogRecord[]> {
  const log = await openRaceLog(link, RACE, LIMITS, logger);
  const reader = await log.open({ after: 0 });
  const records: LogRecord[] = [];
  const { last } = await log.bounds();
  while ((records.at(-1)?.position ?? 0) < last) records.push(...(await reader.next(1_000, 1_000)));
  await log.close();
  return records;
}

function sequencesOf(records: readonly LogRecord[], car: string): ReadonlySet<number> {
  const suffix = `.tel.${car}`;
  const frames = records.filter(({ subject }) => subject.endsWith(suffix));
  return new Set(frames.map(({ payload }) => fromBinary(TelemetryFrameSchema, payload).sourceSequence));
}

function tickTimesOf(records: readonly LogRecord[]): readonly number[] {
  const ticks = records.filter(({ subject }) => subject === subjects.tick(RACE, 7));
  return ticks.map(({ payload }) => fromBinary(TickSchema, payload).eventTimeMs);
}

test("two ingests share a subject; one is killed, and all that was acknowledged is in the log, each tick once", async () => {
  const [first, second] = await startIngests(2);
  let sequence = 0;
  let isSending = true;
  const sending = CARS.map(async (car) => {
    let sent = 0;
    for (; isSending; sent++) {
      await sendUntilAcknowledged(car, sent);
      sequence = Math.max(sequence, sent);
    }
    return { car, sent };
  });
  await vi.waitFor(() => expect(sequence).toBeGreaterThan(60), WAIT);
  expect(await first?.framesAdmitted()).toBeGreaterThan(0);
  expect(await second?.framesAdmitted()).toBeGreaterThan(0);
  await first?.end("SIGKILL");
  const atKill = sequence;
  await vi.waitFor(() => expect(sequence).toBeGreaterThan(atKill + 60), WAIT);
  // A quick machine is here before the second tick.
  await vi.waitFor(async () => expect(tickTimesOf(await logged()).length).toBeGreaterThan(1), WAIT);
  // The server runs on this machine: its clock is the same, but for the age of the tick.
  expect(await second?.metric('ingest_clock_offset_seconds{clock="machine"}')).toBeCloseTo(0, 1);
  const logAheadS = (await second?.metric('ingest_clock_offset_seconds{clock="log"}')) ?? Number.NaN;
  expect(Math.abs(logAheadS)).toBeLessThan(2);
  isSending = false;
  const sent = await Promise.all(sending);
  expect(await second?.end("SIGTERM")).toBe(0);

  const records = await logged();
  for (const { car, sent: count } of sent) {
    const missing = Array.from({ length: count }, (_, index) => index).filter(
      (index) => !sequencesOf(records, car).has(index),
    );
    expect(missing).toEqual([]);
  }
  const times = tickTimesOf(records);
  expect(times.length).toBeGreaterThan(1);
  const start = times[0] ?? 0;
  expect(times).toEqual(Array.from({ length: times.length }, (_, index) => start + index * 1_000));
}, 30_000);

test("a stream's consumer may deliver to the subject: it is told what is done, and repeats what was not", async () => {
  await link.manager.streams.add({ name: "UPSTREAM", subjects: ["cars.>"] });
  await link.manager.consumers.add("UPSTREAM", {
    durable_name: "burnline",
    ack_policy: "explicit",
    deliver_subject: `${SUBJECT}.frames`,
    deliver_group: `ingest-${RACE}`,
    ack_wait: 1_000_000_000,
  });
  const [first, second] = await startIngests(2);
  for (let index = 0; index < 300; index++) link.connection.publish("cars.24", encoded("24", index));
  link.connection.publish("cars.24", new Uint8Array([255]));
  const consumer = () => link.manager.consumers.info("UPSTREAM", "burnline");
  await vi.waitFor(async () => expect((await consumer()).ack_floor.stream_seq).toBeGreaterThan(20), WAIT);
  await first?.end("SIGKILL");
  // Also what the dead one held, and what nobody can read.
  await vi.waitFor(async () => expect((await consumer()).ack_floor.stream_seq).toBe(301), WAIT);
  // A car that is ahead all of a sudden: its frame comes again, after a second each, until our clock has come so far.
  link.connection.publish("cars.24", encoded("24", 300, 3_000));
  await vi.waitFor(async () => expect((await consumer()).ack_floor.stream_seq).toBe(302), WAIT);
  const inDoubt = await second?.metric('ingest_frames_rejected_total{reason="clock-in-doubt"}');
  expect(inDoubt).toBeGreaterThan(0);
  expect(inDoubt).toBeLessThan(5);
  expect(await second?.end("SIGTERM")).toBe(0);
  expect(sequencesOf(await logged(), "24").size).toBe(301);
}, 30_000);
