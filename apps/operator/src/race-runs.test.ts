import { createLogger, OperatingError } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import { describe, expect, test, vi } from "vitest";
import type { ArchiveTotals } from "./race-resource.ts";
import { RaceRuns } from "./race-runs.ts";
import { race } from "./testing/race-day.ts";

const logger = createLogger({ service: "operator", level: "silent", format: "json" });
const TOTALS: ArchiveTotals = { uri: "s3://b/archive/daytona", frames: 1, facts: 1, objects: 3, bytes: 100 };

function make(archive: (signal: AbortSignal) => Promise<ArchiveTotals>) {
  const steadyClock = new StepClock(0);
  const ended: string[] = [];
  const options = { logger, steadyClock, onEnd: ({ name }: { name: string }) => ended.push(name) };
  const runs = new RaceRuns({ ...options, name: "archive", run: (_race, signal) => archive(signal) });
  return { runs, steadyClock, ended };
}

const broken = () => Promise.reject(new OperatingError("The bucket is not there."));

test("a run that ends says so, and what it made is kept", async () => {
  const { runs, ended } = make(async () => TOTALS);
  expect(runs.seen(race())).toEqual({ state: "none" });
  runs.start(race());
  expect(runs.seen(race())).toEqual({ state: "running" });
  await vi.waitFor(() => expect(ended).toEqual(["daytona"]));
  expect(runs.seen(race())).toEqual({ state: "done", totals: TOTALS });
});

test("a run that fails is due again later each time, but within ten minutes", async () => {
  const { runs, steadyClock, ended } = make(broken);
  const waits: number[] = [];
  for (let run = 1; run <= 8; run++) {
    runs.start(race());
    await vi.waitFor(() => expect(ended).toHaveLength(run));
    expect(runs.seen(race())).toMatchObject({
      state: "failed",
      message: "The bucket is not there.",
      isRetryDue: false,
    });
    let waitedS = 0;
    for (; !isDue(); waitedS++) steadyClock.advance(1_000);
    waits.push(waitedS);
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600, 600]);

  function isDue(): boolean {
    const seen = runs.seen(race());
    return seen.state === "failed" && seen.isRetryDue;
  }
});

describe("who leads no longer", () => {
  test("ends its runs, and begins anew when it leads again", async () => {
    let heard = 0;
    const { runs, ended } = make((signal) => {
      const { promise, reject } = Promise.withResolvers<ArchiveTotals>();
      signal.addEventListener("abort", () => {
        heard++;
        reject(signal.reason);
      });
      return promise;
    });
    runs.start(race());
    await runs.stop();
    expect([heard, ended]).toEqual([1, ["daytona"]]);
    expect(runs.seen(race())).toEqual({ state: "none" });
    runs.start(race());
    expect(runs.seen(race())).toEqual({ state: "running" });
    await runs.stop();
    expect(heard).toBe(2);
  });
});

test("a Race that is gone is forgotten", async () => {
  const { runs, ended } = make(async () => TOTALS);
  runs.start(race());
  await vi.waitFor(() => expect(ended).toHaveLength(1));
  runs.keepOnly(new Set(["another"]));
  expect(runs.seen(race())).toEqual({ state: "none" });
});
