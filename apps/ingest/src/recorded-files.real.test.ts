import { fileURLToPath } from "node:url";
import type { TelemetryFrame } from "@burnline/contract";
import { StepClock } from "@burnline/std";
import { describe, expect, test } from "vitest";
import { HeadlessIngest } from "./headless-ingest.ts";
import { openSource } from "./open-source.ts";
import { collect, framesOf, skippedOf } from "./testing.ts";

// Real telemetry may not be part of the repository: it lies beside it, in ../shared/data/real (fv_tsukuba,
// amggt4_redbullring and w13_pit_idle, each as .ibt and .inputs.csv). Without it these tests fail, as any real test does.
const folder = fileURLToPath(new URL("../../../../shared/data/real", import.meta.url));
const clock = new StepClock(0);

async function read(type: "ibt" | "csv", name: string) {
  const source = await openSource(`${type}:${folder}/${name}`, { clock });
  const items = await collect(source.items());
  await source.close?.();
  return { race: source.race, items, frames: framesOf(items) };
}

const columnOf = (frames: readonly TelemetryFrame[], column: (frame: TelemetryFrame) => readonly number[]) =>
  frames.flatMap((frame) => [...column(frame)]);

describe("real recordings", () => {
  test.each([
    ["fv_tsukuba", 3428, [0, 1, 2, 3], "formulavee", 680, { "first-tick": 1 }],
    ["amggt4_redbullring", 3371, [0], "mercedesamggt4", 4280, {}],
    ["w13_pit_idle", 390, [9], "mercedesw13", 4280, {}],
  ])("%s.ibt has its samples, laps, car and track", async (name, samples, laps, carProfile, lengthM, skipped) => {
    const { race, items, frames } = await read("ibt", `${name}.ibt`);
    expect(columnOf(frames, (frame) => frame.offsetMs)).toHaveLength(samples);
    expect([...new Set(columnOf(frames, (frame) => frame.lapNumber))]).toEqual(laps);
    expect(race).toMatchObject({ race: name, carProfile, track: { lengthM } });
    expect(skippedOf(items)).toEqual(skipped);
    expect(columnOf(frames, (frame) => frame.statusBits.map((bits) => bits & 2)).some((bit) => bit !== 0)).toBe(false);
  });

  test.each(["fv_tsukuba", "amggt4_redbullring", "w13_pit_idle"])(
    "%s: the .ibt and its CSV twin give the same frames up to rounding",
    async (name) => {
      const ibt = await read("ibt", `${name}.ibt`);
      const csv = await read("csv", `${name}.inputs.csv`);
      expect(csv.race.race).toBe(ibt.race.race);
      expect(csv.items).toHaveLength(ibt.items.length - (skippedOf(ibt.items)["first-tick"] ?? 0));
      const rounded = (frame: TelemetryFrame) => ({ ...frame, lapPositionPpm: [], rpmTenths: [] });
      expect(csv.frames.map(rounded)).toEqual(ibt.frames.map(rounded));
      // Five decimals in the CSV against float32 in the .ibt; the rpm of a tie rounds either way.
      for (const [column, tolerance] of [
        [(frame: TelemetryFrame) => frame.lapPositionPpm, 5],
        [(frame: TelemetryFrame) => frame.rpmTenths, 1],
      ] as const) {
        const [a, b] = [columnOf(ibt.frames, column), columnOf(csv.frames, column)];
        expect(Math.max(...a.map((value, index) => Math.abs(value - b[index]!)))).toBeLessThanOrEqual(tolerance);
      }
    },
  );

  test("nothing of them is refused at admission", async () => {
    for (const name of ["fv_tsukuba", "amggt4_redbullring", "w13_pit_idle"]) {
      const source = await openSource(`ibt:${folder}/${name}.ibt`, { clock });
      const headless = new HeadlessIngest(source);
      for await (const _ of headless.appends());
      await source.close?.();
      expect(headless.counts.toJson()).toMatchObject({ framesRejected: {}, controlsRejected: {} });
    }
  });
});
