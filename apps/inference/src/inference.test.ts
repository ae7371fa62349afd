import { fromBinary, MlCorrectionSchema, subjects } from "@burnline/contract";
import { MemoryEventLog, Metrics } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import type { DurableReader, EventLog, LogAppend } from "@burnline/stream";
import { describe, expect, it } from "vitest";
import { BREAKER_FAILURES_MAX, BREAKER_OPEN_MS } from "./breaker.ts";
import { createInference, type InferenceOptions } from "./inference.ts";
import { inferenceMetrics } from "./inference-metrics.ts";
import { definition, FakeModel, RACE, windowFact } from "./testing/windows.ts";

const START_MS = 1_750_000_000_000;
const silent = { info() {}, warn() {} };

/** A log whose disk is full for some appends, and whose reader's process dies before it acknowledges. */
class FaultyLog extends MemoryEventLog {
  failures = 0;
  isDeaf = false;

  override async append(records: readonly LogAppend[]) {
    if (this.failures > 0) {
      this.failures--;
      throw new Error("disk full");
    }
    return super.append(records);
  }

  override async openDurable(name: string, subjectPrefix: string): Promise<DurableReader> {
    const reader = await super.openDurable(name, subjectPrefix);
    return this.isDeaf ? { ...reader, acknowledge: () => Promise.reject(new Error("killed")) } : reader;
  }
}

async function bench(overrides: Partial<InferenceOptions> = {}) {
  const clock = new StepClock(START_MS);
  const factLog = new FaultyLog(clock);
  const raceLog = new FaultyLog(clock);
  const model = new FakeModel();
  await raceLog.append([definition("nextgen")]);
  const options: InferenceOptions = { factLog, raceLog, race: RACE, model, clock, logger: silent, ...overrides };
  return { clock, factLog, raceLog, model, options, inference: createInference(options) };
}

async function corrections(raceLog: EventLog) {
  const reader = await raceLog.open({ subjectPrefix: `race.${RACE}.`, after: 0 });
  const found = [];
  for (;;) {
    const records = await reader.next(256, 0);
    if (records.length === 0) return found;
    for (const { subject, payload, partition } of records) {
      if (!subject.includes(".ml.")) continue;
      const correction = fromBinary(MlCorrectionSchema, payload);
      expect(subject).toBe(subjects.ml(RACE, partition, correction.car));
      found.push(correction);
    }
  }
}

function windows(count: number, car = "24"): LogAppend[] {
  return Array.from({ length: count }, (_, index) => windowFact({ car, startMs: START_MS + index * 1000 }));
}

async function drain(inference: { step(): Promise<number> }): Promise<number> {
  let handled = 0;
  for (let more = await inference.step(); more > 0; more = await inference.step()) handled += more;
  return handled;
}

describe("inference", () => {
  it("answers every window once, each revision as a correction of its own", async () => {
    const { factLog, raceLog, inference } = await bench();
    await factLog.append([
      windowFact({ car: "24" }),
      windowFact({ car: "48" }),
      windowFact({ car: "24", revision: 1 }),
    ]);
    expect(await drain(inference)).toBe(3);
    const answers = await corrections(raceLog);
    expect(answers.map(({ car, windowRevision }) => `${car}:${windowRevision}`)).toEqual(["24:0", "48:0", "24:1"]);
    expect(answers[0]).toMatchObject({ logRatioPpmP10: 10_000, logRatioPpmP50: 20_000, logRatioPpmP90: 30_000 });
    expect(inference.stats()).toMatchObject({ windows: { corrected: 3 }, batches: 1, largestBatch: 3, queued: 0 });
    await inference.stop();
  });

  it("has no second effect when it dies between answer and acknowledgement", async () => {
    const { factLog, raceLog, options } = await bench();
    await factLog.append(windows(10));
    factLog.isDeaf = true;
    const dying = createInference(options);
    await expect(dying.step()).rejects.toThrow("killed");
    await dying.stop();
    factLog.isDeaf = false;
    const before = await corrections(raceLog);
    expect(before).toHaveLength(10);

    const next = createInference(options);
    expect(await drain(next)).toBe(10);
    expect(await corrections(raceLog)).toEqual(before);
    await next.stop();
    const third = createInference(options);
    expect(await drain(third)).toBe(0);
    await third.stop();
  });

  it("keeps the batch at hand when a log fails, and finishes it once the log is back", async () => {
    const { factLog, raceLog, options } = await bench();
    await factLog.append(windows(3));
    raceLog.failures = 2;
    const inference = createInference(options);
    await expect(inference.step()).rejects.toThrow("disk full");
    await expect(inference.step()).rejects.toThrow("disk full");
    expect(await drain(inference)).toBe(3);
    expect(await corrections(raceLog)).toHaveLength(3);
    expect(inference.stats().windows).toEqual({ corrected: 3 });
    await inference.stop();
  });

  it("declines foreign, broken and out-of-range windows, counts each, and answers the others", async () => {
    const { factLog, raceLog, inference } = await bench();
    const broken = { ...windowFact(), payload: Uint8Array.of(255, 255, 255), messageId: "broken" };
    const strange = windowFact({ startMs: START_MS + 1000, window: { features: Array.from({ length: 21 }, () => 7) } });
    await factLog.append([broken, strange, windowFact({ race: "other", startMs: 0 }), windowFact()]);
    expect(await drain(inference)).toBe(4);
    expect(await corrections(raceLog)).toHaveLength(1);
    expect(inference.stats().windows).toEqual({
      undecodable: 1,
      "out-of-range": 1,
      "foreign-race": 1,
      corrected: 1,
    });
    await inference.stop();
  });

  it("looks the car's profile up in the race definition, the newest one counts", async () => {
    const { factLog, raceLog, inference } = await bench();
    await raceLog.append([definition("generic", [{ car: "48", carProfile: "nextgen" }])]);
    await factLog.append([windowFact({ car: "24" }), windowFact({ car: "48" })]);
    await drain(inference);
    expect((await corrections(raceLog)).map(({ car }) => car)).toEqual(["48"]);
    expect(inference.stats().windows).toEqual({ "car-profile": 1, corrected: 1 });
    await raceLog.append([definition("nextgen")]);
    await factLog.append([windowFact({ car: "24", revision: 1 })]);
    await drain(inference);
    expect(inference.stats().windows).toEqual({ "car-profile": 1, corrected: 2 });
    await inference.stop();
  });

  it("without a model declines everything, acknowledges it and appends nothing", async () => {
    const { factLog, raceLog, inference } = await bench({ model: undefined });
    await factLog.append(windows(300));
    expect(await drain(inference)).toBe(300);
    expect(await corrections(raceLog)).toEqual([]);
    expect(inference.stats().windows).toEqual({ "no-model": 300 });
    await inference.stop();
  });

  it("leaves a failing model alone for a while and tries again after it", async () => {
    const { clock, factLog, raceLog, model, inference } = await bench();
    model.failing = true;
    for (let failure = 0; failure < BREAKER_FAILURES_MAX + 2; failure++) {
      await factLog.append([windowFact({ startMs: START_MS + failure * 1000 })]);
      expect(await inference.step()).toBe(1);
    }
    expect(model.batches).toHaveLength(BREAKER_FAILURES_MAX);
    expect(inference.stats().windows).toEqual({ failed: BREAKER_FAILURES_MAX, "breaker-open": 2 });
    model.failing = false;
    clock.advance(BREAKER_OPEN_MS);
    await factLog.append([windowFact({ startMs: START_MS + 60_000 })]);
    await drain(inference);
    expect(await corrections(raceLog)).toHaveLength(1);
    await inference.stop();
  });

  it("takes an answer that is not a number as a failure, not as a correction", async () => {
    const { factLog, raceLog, model, inference } = await bench();
    model.answer = [0, Number.NaN, 0];
    await factLog.append(windows(2));
    await drain(inference);
    expect(await corrections(raceLog)).toEqual([]);
    expect(inference.stats().windows).toEqual({ failed: 2 });
    await inference.stop();
  });

  it("steps through any backlog in batches without shedding", async () => {
    const { factLog, raceLog, model, inference } = await bench();
    await factLog.append(windows(2_000));
    expect(await drain(inference)).toBe(2_000);
    expect(Math.max(...model.batches)).toBeLessThanOrEqual(256);
    expect(await corrections(raceLog)).toHaveLength(2_000);
    await inference.stop();
  });

  it("running, declines the oldest windows of a backlog beyond the cap and loses none", async () => {
    const { factLog, raceLog, inference } = await bench({ options: { batchMax: 2, delayMs: 0, queueCap: 10 } });
    await factLog.append(windows(100));
    await inference.start();
    await expect.poll(() => total(inference.stats().windows), { timeout: 5_000 }).toBe(100);
    await inference.stop();
    const { windows: counts } = inference.stats();
    const answers = await corrections(raceLog);
    expect(answers).toHaveLength(counts.corrected!);
    expect(counts["queue-full"]).toBeGreaterThan(50);
    // The youngest are answered.
    expect(answers.at(-1)!.windowStartMs).toBe(START_MS + 99_000);
  });

  it("shows its counts to the outside", async () => {
    const metrics = new Metrics(["inference"]);
    const { factLog, inference } = await bench({ metrics: inferenceMetrics(metrics) });
    await factLog.append([...windows(3), windowFact({ race: "other", startMs: 0 })]);
    await drain(inference);
    const text = await metrics.render();
    expect(text).toContain('inference_windows_total{outcome="corrected"} 3');
    expect(text).toContain('inference_windows_total{outcome="foreign-race"} 1');
    expect(text).toContain("inference_batch_windows_count_sum 3");
    expect(text).toContain("inference_run_seconds_count 1");
    await inference.stop();
  });

  it("running, survives a log that fails for a while", async () => {
    const { factLog, raceLog, options } = await bench();
    raceLog.failures = 2;
    const warnings: string[] = [];
    const logger = { info() {}, warn: (_fields: object, message: string) => void warnings.push(message) };
    const clock = { nowMs: () => performance.now() };
    const inference = createInference({ ...options, logger, clock });
    await inference.start();
    await factLog.append(windows(5));
    await expect.poll(() => corrections(raceLog).then((found) => found.length), { timeout: 5_000 }).toBe(5);
    await inference.stop();
    expect(warnings).toHaveLength(2);
  });
});

function total(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
