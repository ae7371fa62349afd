import { describe, expect, test } from "vitest";
import { difference, PUBLISHED } from "./burn-checks.ts";
import { decodeRow } from "./burn-records.ts";
import { inputSum, makeArrivals } from "./burn-windows.ts";
import { BurnWindowsOperator } from "./burn-windows-operator.ts";
import { runPlainLoop } from "./plain-loop.ts";
import { benchStreamMode, STREAM_MODES } from "./stream-bench.ts";
import { PARTITIONS, toLogRecords } from "./stream-run.ts";

const DURATION_S = 60;
const ONCE = { durationS: DURATION_S, runs: 1, warmUpRuns: 0 };

describe("the workload burn-windows v1", () => {
  test("has the published input, bit for bit", () => {
    expect(inputSum(makeArrivals(DURATION_S))).toBe(PUBLISHED[DURATION_S]?.inputSum);
  });

  test("has another input for another seed, and the same for the same", () => {
    const sums = [1, 1, 2].map((seed) => inputSum(makeArrivals(3, seed)));
    expect(sums[0]).toBe(sums[1]);
    expect(sums[0]).not.toBe(sums[2]);
  });

  test("gives the published totals in a plain loop", () => {
    const { checks, raceUg } = runPlainLoop(makeArrivals(DURATION_S));
    expect(difference(checks, PUBLISHED[DURATION_S]!)).toBeUndefined();
    expect(Math.abs(raceUg - checks.fuelUg)).toBeLessThan(1_000);
  });
});

describe("a result", () => {
  const sound = PUBLISHED[DURATION_S]!;

  test("differs when any count is off by one", () => {
    for (const name of ["frames", "duplicateFrames", "lateSamples", "windows", "samplesUsed"] as const) {
      expect(difference({ ...sound, [name]: sound[name] + 1 }, sound)).toContain(name);
    }
    expect(difference({ ...sound, distance: sound.distance - 1 }, sound)).toContain("distance");
    expect(difference({ ...sound, throttle: sound.throttle + 1 }, sound)).toContain("throttle");
  });

  test("may differ in fuel by the order of summation and no more", () => {
    expect(difference({ ...sound, fuelUg: sound.fuelUg + 8 }, sound)).toBeUndefined();
    expect(difference({ ...sound, fuelUg: sound.fuelUg * (1 + 1e-8) }, sound)).toContain("fuelUg");
  });
});

describe("our engine is exact on it", () => {
  test.each(STREAM_MODES)("%s", async (mode) => {
    const result = await benchStreamMode(mode, { ...ONCE, recordsPerCommit: 37 });
    expect(result.exact).toBe(true);
    expect(result.samplesPerSecond).toBeGreaterThan(0);
    expect(result.samplesPerCpuSecond).toBeGreaterThan(0);
    const frames = PUBLISHED[DURATION_S]!.frames;
    // Flags, one tick per partition, and a commit for what was left over in each.
    const commitsMin = mode === "operator" ? 0 : frames / 37;
    expect(result.commits).toBeGreaterThanOrEqual(Math.floor(commitsMin));
    expect(result.commits).toBeLessThanOrEqual(mode === "operator" ? 0 : commitsMin + 2 * PARTITIONS.length);
  });

  test("wherever it is cut and restored from its committed state", () => {
    const records = toLogRecords(makeArrivals(12)).map((record, index) => ({
      ...record,
      position: index + 1,
      appendedAtMs: 0,
    }));
    const rowsOf = (cutEvery: number) => {
      const rows: string[] = [];
      const entries = new Map<string, Uint8Array>();
      const output = {
        emit: ({ payload }: { payload: Uint8Array }) => void rows.push(JSON.stringify(decodeRow(payload))),
        live: () => {},
      };
      let operator = new BurnWindowsOperator();
      records.forEach((record, index) => {
        operator.process(record, output);
        if ((index + 1) % cutEvery !== 0) return;
        for (const [key, bytes] of operator.takeChanges()) if (bytes !== null) entries.set(key, bytes);
        operator = new BurnWindowsOperator();
        operator.restore(entries);
      });
      return rows;
    };
    const uninterrupted = rowsOf(Number.POSITIVE_INFINITY);
    expect(uninterrupted.length).toBeGreaterThan(100);
    // The ticks at the end say what is left of every car, in the order in which cars came to be known.
    expect(rowsOf(997).toSorted()).toEqual(uninterrupted.toSorted());
  });
});
