import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FactSchema, fromBinary, parseFactSubject } from "@burnline/contract";
import { createLogger, openSqlite, SqliteEventLog, wallClock } from "@burnline/runtime";
import { Prng } from "@burnline/std";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fuelReport } from "./fuel-report.ts";
import { runHeadless } from "./headless-race.ts";
import { openConfiguredSource } from "./race-source.ts";
import { ChainProcess } from "./testing/chain-process.ts";
import { sourceConfig } from "./testing/source-config.ts";

const KILLS = 5;
const ENDED = "the source has ended";

let folder: string;
let recording: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "burnline-kill-"));
  recording = join(folder, "race.blrec");
  const flags = [
    "--source",
    "sim",
    "--cars",
    "8",
    "--rate",
    "20",
    "--laps",
    "2",
    "--speed",
    "max",
    "--record",
    recording,
  ];
  const chain = new ChainProcess([...flags, "--data", join(folder, "recorded")]);
  await chain.said(ENDED);
  await chain.end("SIGTERM");
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("killed with -9 at any moments and started again, each car's total is that of an uninterrupted run", {
  timeout: 120_000,
}, async () => {
  const prng = new Prng(Date.now());
  const data = join(folder, "killed");
  const flags = ["--source", `recording:${recording}`, "--data", data];
  for (let kill = 0; kill < KILLS; kill++) {
    const chain = new ChainProcess([...flags, "--speed", "25"]);
    await chain.url();
    await sleep(prng.integer(50, 700));
    await chain.end("SIGKILL");
  }
  const last = new ChainProcess([...flags, "--speed", "max"]);
  await last.said(ENDED);
  await sleep(1_500);
  expect(await last.end("SIGTERM")).toBe(0);

  const source = await openConfiguredSource(sourceConfig({ source: `recording:${recording}` }));
  const logger = createLogger({ service: "test", level: "silent", format: "json" });
  const report = fuelReport(source.race.race, "", await runHeadless(source, undefined, logger));
  await source.close?.();
  const expected = Object.fromEntries(report.cars.map(({ car, totals }) => [car, [totals.physicsUg, totals.samples]]));
  expect(Object.keys(expected)).toHaveLength(8);
  expect(await storedTotals(join(data, source.race.race))).toEqual(expected);
});

/** Micrograms and samples over the newest revision of each window that the killed chain left behind. */
async function storedTotals(raceFolder: string): Promise<Record<string, [number, number]>> {
  const db = openSqlite(raceFolder);
  const reader = await new SqliteEventLog(db, "fact", wallClock).open({ after: 0 });
  const windows = new Map<string, { revision: number; car: string; burnUg: number; samples: number }>();
  for (;;) {
    const records = await reader.next(1_000, 0);
    if (records.length === 0) break;
    for (const { subject, payload } of records) {
      if (parseFactSubject(subject)?.kind !== "window") continue;
      const { car, revision, body } = fromBinary(FactSchema, payload);
      if (body.case !== "burnWindow") continue;
      const key = `${car}:${body.value.startMs}`;
      if (revision < (windows.get(key)?.revision ?? 0)) continue;
      windows.set(key, { revision, car, burnUg: body.value.burnUg, samples: body.value.samples });
    }
  }
  await reader.close();
  db.close();
  const totals: Record<string, [number, number]> = {};
  for (const { car, burnUg, samples } of windows.values()) {
    const [ug, count] = totals[car] ?? [0, 0];
    totals[car] = [ug + burnUg, count + samples];
  }
  return totals;
}
