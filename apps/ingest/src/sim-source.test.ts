import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { frameFault } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { HeadlessIngest } from "./headless-ingest.ts";
import { openSource } from "./open-source.ts";
import { createSimSource } from "./sim-source.ts";
import { collect, controlsOf, framesOf } from "./testing.ts";

const options = { seed: 7, cars: 6, laps: 3 };

describe("a simulated race as a source", () => {
  test("gives the same items for the same options, others for another seed", async () => {
    const items = await collect(createSimSource(options).items());
    expect(await collect(createSimSource(options).items())).toEqual(items);
    expect(await collect(createSimSource({ ...options, seed: 8 }).items())).not.toEqual(items);
  });

  test("gives sound frames and events in order of arrival, with gaps, duplicates and disorder as on the radio", async () => {
    const source = createSimSource(options);
    const items = await collect(source.items());
    const frames = framesOf(items);
    for (const frame of frames) expect(frameFault(frame)).toBeUndefined();
    const arrivals = items.map((item) => item.arrivalMs);
    expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
    expect(arrivals.every(Number.isSafeInteger)).toBe(true);
    const ids = frames.map((frame) => `${frame.car}:${frame.sourceSequence}`);
    expect(new Set(ids).size).toBeLessThan(ids.length);
    const sent =
      Math.max(...frames.filter(({ car }) => car === frames[0]?.car).map((frame) => frame.sourceSequence)) + 1;
    expect(new Set(ids.filter((id) => id.startsWith(`${frames[0]?.car}:`))).size).toBeLessThan(sent);
    expect(new Set(controlsOf(items).map((event) => event.event.case))).toContain("flagChanged");
    expect(controlsOf(items).filter((event) => event.event.case === "lapLineCrossed").length).toBeGreaterThanOrEqual(
      6 * 3,
    );
  });

  test("on a perfect link loses and repeats nothing", async () => {
    const frames = framesOf(await collect(createSimSource({ ...options, link: "perfect" }).items()));
    for (const car of new Set(frames.map((frame) => frame.car))) {
      const sequences = frames.filter((frame) => frame.car === car).map((frame) => frame.sourceSequence);
      expect(sequences).toEqual(sequences.map((_, index) => index));
    }
  });

  test("is admitted whole: nothing that the simulator sends is refused", async () => {
    const headless = new HeadlessIngest(createSimSource(options));
    for await (const _ of headless.appends());
    expect(headless.counts.toJson()).toMatchObject({ framesRejected: {}, controlsRejected: {} });
    expect(headless.counts.cars.size).toBe(6);
  });

  test("tells the truth to its sink alone", async () => {
    const truth: string[] = [];
    const items = await collect(createSimSource({ ...options, onTruth: (record) => truth.push(record.type) }).items());
    expect(new Set(truth)).toContain("lap");
    expect(items).toEqual(await collect(createSimSource(options).items()));
  });

  test("starts at a whole second", () => {
    expect(createSimSource({ ...options, startMs: 1_750_000_000_001 }).startMs).toBe(1_750_000_001_000);
  });
});

test("the truth goes to a file of its own, line by line, and is no part of what is sent", async () => {
  const folder = mkdtempSync(join(tmpdir(), "burnline-truth-"));
  const truthFile = join(folder, "truth.ndjson");
  const clock = { nowMs: () => 0 };
  const source = await openSource("sim", { clock, truthFile, sim: { cars: 2, sampleRateHz: 10, laps: 1 } });
  let sent = "";
  for await (const item of source.items()) if (item.type === "control") sent += JSON.stringify(item.event.event);
  await source.close?.();
  const records = readFileSync(truthFile, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  rmSync(folder, { recursive: true });
  expect(records.some(({ type }) => type === "lap")).toBe(true);
  expect(sent).not.toMatch(/burnKg|levelKg/);
  await expect(openSource("sim", { clock, truthFile: "/nowhere/truth" })).rejects.toThrow(
    "check the path /nowhere/truth",
  );
});
