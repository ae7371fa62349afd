import { StepClock } from "@burnline/std";
import type { OutboxRecord, OutboxSink } from "@burnline/stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryEventLog } from "./memory-event-log.ts";
import { Metrics } from "./metrics.ts";
import { SINK_POLICY_DEFAULTS, SINK_TIMING, type SinkPolicy, withSinkPolicy } from "./sink-policy.ts";
import { DEAD_PAYLOAD_BYTES_MAX, type DeadLetter, deadLetterLog } from "./sink-policy-dead-letter.ts";
import { RecordsRefusedError } from "./sink-policy-error.ts";
import { createSinkMetrics } from "./sink-policy-metrics.ts";
import { StorageError } from "./storage-error.ts";

/** Side by side; those that began before the breaker opened may overlap with the first probes. */
const CALLS = 20;

const unreachable = () => new StorageError("unreachable", "gone");

function record(id: string, payload = new Uint8Array(10)): OutboxRecord {
  return { id, subject: `fact.r.window.${id}`, payload };
}

/** A policy on a clock that sleeping moves, with the sleeps and dead letters in lists. */
function policyOf(overrides: Partial<SinkPolicy> = {}) {
  const clock = new StepClock(1_000);
  const sleptMs: number[] = [];
  const dead: DeadLetter[] = [];
  const policy: SinkPolicy = {
    ...SINK_POLICY_DEFAULTS,
    name: "facts",
    deadLetters: async (letters) => void dead.push(...letters),
    timing: {
      clock,
      sleep: async (ms) => {
        sleptMs.push(ms);
        clock.advance(ms);
      },
      chance: () => 0.5,
    },
    ...overrides,
  };
  return { policy, sleptMs, dead, clock };
}

/** What a sink answers to its calls, one after the other; then it takes everything. */
type Answer = "gone" | "takes" | "refuses-first" | "takes-unheard";
const ANSWERS = fc.array(fc.constantFrom<Answer>("gone", "takes", "refuses-first", "takes-unheard"), { maxLength: 20 });

function scripted(answers: readonly Answer[]): { sink: OutboxSink; taken: string[]; batches: number[] } {
  const taken: string[] = [];
  const batches: number[] = [];
  const left = [...answers];
  const sink: OutboxSink = {
    send: async (records) => {
      const answer = left.shift() ?? "takes";
      if (answer === "gone") throw unreachable();
      batches.push(records.length);
      const from = answer === "refuses-first" ? 1 : 0;
      for (const { id } of records.slice(from)) if (!taken.includes(id)) taken.push(id);
      if (answer === "takes-unheard") throw unreachable();
      if (from > 0) throw new RecordsRefusedError("stream", [{ index: 0, reason: "too-large" }]);
    },
  };
  return { sink, taken, batches };
}

test("whatever a sink answers, each record is delivered in order or a dead letter, and none for mere absence", async () => {
  await fc.assert(
    fc.asyncProperty(
      ANSWERS,
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 9 }),
      async (answers, count, max) => {
        const { policy, dead } = policyOf({ batchRecordsMax: max });
        const { sink, taken, batches } = scripted(answers);
        const ids = Array.from({ length: count }, (_, index) => `${index}`);
        await withSinkPolicy(sink, policy).send(ids.map((id) => record(id)));
        const refused = new Set(dead.map((letter) => letter.record.id));
        for (const { reason } of dead) expect(reason).toBe("too-large");
        for (const id of ids) expect(taken.includes(id) || refused.has(id)).toBe(true);
        expect(taken).toEqual(ids.filter((id) => taken.includes(id)));
        for (const size of batches) expect(size).toBeLessThanOrEqual(max);
      },
    ),
  );
});

test("with bounded attempts a batch that never arrives becomes dead letters after exactly so many", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (attemptsMax) => {
      const { policy, dead, sleptMs } = policyOf({ attemptsMax });
      let attempts = 0;
      const sink: OutboxSink = {
        send: async () => {
          attempts += 1;
          throw unreachable();
        },
      };
      await withSinkPolicy(sink, policy).send([record("a"), record("b")]);
      expect(attempts).toBe(attemptsMax);
      expect(dead.map(({ record: { id }, reason }) => [id, reason])).toEqual([
        ["a", "attempts"],
        ["b", "attempts"],
      ]);
      for (const ms of sleptMs) expect(ms).toBeLessThanOrEqual(policy.backoffMsMax);
    }),
  );
});

test("batches keep to the bytes; what alone is larger goes alone", async () => {
  const { policy } = policyOf({ batchBytesMax: 100 });
  const { sink, batches, taken } = scripted([]);
  const sizes = [40, 60, 1, 500, 99, 1, 1];
  await withSinkPolicy(sink, policy).send(sizes.map((size, index) => record(`${index}`, new Uint8Array(size))));
  expect(batches).toEqual([2, 1, 1, 2, 1]);
  expect(taken).toHaveLength(sizes.length);
});

test("while the breaker is open only one call asks the sink, and all go on when it answers", async () => {
  const { policy } = policyOf({ timing: SINK_TIMING, backoffMsMin: 1, backoffMsMax: 4, failuresToOpen: 1 });
  let atOnce = 0;
  let asked = 0;
  const probesAtOnce: number[] = [];
  const sink: OutboxSink = {
    send: async () => {
      atOnce += 1;
      asked += 1;
      const isProbe = asked > 2 * CALLS && asked <= 3 * CALLS;
      if (isProbe) probesAtOnce.push(atOnce);
      const isGone = asked < 3 * CALLS;
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      if (isGone) throw unreachable();
    },
  };
  const politic = withSinkPolicy(sink, policy);
  await Promise.all(Array.from({ length: CALLS }, (_, index) => politic.send([record(`${index}`)])));
  expect(probesAtOnce).toEqual(new Array(CALLS).fill(1));
  expect(politic.breaker).toBe("closed");
});

test("closing ends the waiting, and the records are nobody's loss", async () => {
  const { policy, dead } = policyOf({ timing: SINK_TIMING, backoffMsMin: 10_000, backoffMsMax: 60_000 });
  const failed = Promise.withResolvers<void>();
  const sink: OutboxSink = {
    send: async () => {
      failed.resolve();
      throw unreachable();
    },
  };
  const politic = withSinkPolicy(sink, policy);
  const sending = politic.send([record("a")]);
  await failed.promise;
  politic.close();
  await expect(sending).rejects.toMatchObject({ fault: "closed" });
  await expect(politic.send([record("b")])).rejects.toMatchObject({ fault: "closed" });
  expect(dead).toEqual([]);
});

test("a programmer's error is not retried, and its probe does not hold the breaker", async () => {
  const { policy } = policyOf({ failuresToOpen: 1 });
  const errors: unknown[] = [unreachable(), new TypeError("a bug")];
  const sink: OutboxSink = {
    send: async () => {
      const error = errors.shift();
      if (error !== undefined) throw error;
    },
  };
  const politic = withSinkPolicy(sink, policy);
  await expect(politic.send([record("a")])).rejects.toBeInstanceOf(TypeError);
  await politic.send([record("a")]);
  expect(politic.breaker).toBe("closed");
});

test("dead letters wait for their own sink, bounded in size and stored once", async () => {
  const log = new MemoryEventLog(new StepClock(1_000));
  const bury = deadLetterLog(log, "daytona");
  let isGone = true;
  const { policy } = policyOf({
    deadLetters: async (letters) => {
      if (isGone) {
        isGone = false;
        throw unreachable();
      }
      await bury(letters);
      await bury(letters);
    },
  });
  const sink: OutboxSink = {
    send: async () => {
      throw new RecordsRefusedError("stream", [{ index: 1, reason: "too-large" }]);
    },
  };
  const large = record("large", new Uint8Array(3 * DEAD_PAYLOAD_BYTES_MAX).fill(7));
  await withSinkPolicy(sink, policy).send([record("fine"), large]);
  const reader = await log.open({ after: 0 });
  const letters = await reader.next(10, 0);
  expect(letters.map(({ subject }) => subject)).toEqual(["dead.daytona.too-large"]);
  const letter = JSON.parse(new TextDecoder().decode(letters[0]!.payload));
  expect(letter).toMatchObject({
    id: "large",
    subject: large.subject,
    reason: "too-large",
    payloadBytes: large.payload.length,
  });
  expect(Buffer.from(letter.payloadBase64, "base64")).toEqual(Buffer.alloc(DEAD_PAYLOAD_BYTES_MAX, 7));
});

test("each thing the policy does shows in a metric", async () => {
  const metrics = new Metrics(["processor"]);
  const { policy } = policyOf({ failuresToOpen: 2, metrics: createSinkMetrics(metrics, "processor")("facts") });
  const { sink } = scripted(["gone", "gone", "refuses-first"]);
  await withSinkPolicy(sink, policy).send([record("a"), record("b"), record("c")]);
  const text = await metrics.render();
  expect(text).toContain('processor_sink_failures_total{sink="facts"} 2');
  expect(text).toContain('processor_sink_delivered_records_total{sink="facts"} 2');
  expect(text).toContain('processor_sink_dead_letters_total{sink="facts",reason="too-large"} 1');
  expect(text).toContain('processor_sink_breaker_open{sink="facts"} 0');
  expect(text).toContain('processor_sink_waiting_records{sink="facts"} 0');
  expect(text).toContain('processor_sink_batch_seconds_count{sink="facts"} 1');
});
