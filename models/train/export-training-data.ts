/**
 * Runs seeded races and writes what the model is trained on: one row per car and second, made by the very same code that
 * makes the windows of a live race (SampleColumns, BurnModel, burnWindowAggregator), beside the simulator's truth.
 *
 *   npx node models/train/export-training-data.ts --out FOLDER [--laps 70] [--cars 20]
 *
 * FOLDER gets rows.f64 (little endian, row by row) and rows.json (names of the columns, races). Neither is committed.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_PROFILE_ID, FEATURE_NAMES, FEATURE_SCHEMA_VERSION, PHYSICS_VERSION } from "@burnline/fuel";
import { RaceRows, type RaceSpec, ROW_COLUMNS } from "./race-rows.ts";

/** Races of the same seed on different tracks have different cars: the track takes part in the seed. */
const TRAIN_SEEDS = [101, 102, 103, 104, 105];
const TEST_SEEDS = [901, 902];
const TRACKS = ["charlotte", "michigan", "nashville"];
/** Sample rates are mixed, so that the model does not depend on one. */
const SAMPLE_RATES_HZ = [10, 20, 50];
/** Of a training race every third window is enough; laps of a test race have to be complete. */
const TRAIN_STRIDE = 3;

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    laps: { type: "string", default: "70" },
    cars: { type: "string", default: "20" },
  },
});
if (values.out === undefined) throw new Error("--out FOLDER is needed: where to put rows.f64 and rows.json");
mkdirSync(values.out, { recursive: true });

const races: (RaceSpec & { rows: number })[] = [];
const file = openSync(join(values.out, "rows.f64"), "w");
for (const spec of raceSpecs(Number(values.laps), Number(values.cars))) {
  let rows = 0;
  for (const chunk of new RaceRows(spec).chunks()) {
    writeSync(file, new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    rows += chunk.length / ROW_COLUMNS.length;
  }
  races.push({ ...spec, rows });
  process.stdout.write(`${spec.set} ${spec.trackId} seed ${spec.seed}: ${rows} windows\n`);
}
closeSync(file);
writeFileSync(
  join(values.out, "rows.json"),
  JSON.stringify({
    columns: ROW_COLUMNS,
    features: FEATURE_NAMES,
    featureSchemaVersion: FEATURE_SCHEMA_VERSION,
    physicsVersion: PHYSICS_VERSION,
    carProfile: DEFAULT_PROFILE_ID,
    races,
  }),
);

function raceSpecs(laps: number, cars: number): RaceSpec[] {
  return TRACKS.flatMap((trackId, track) =>
    [...TRAIN_SEEDS, ...TEST_SEEDS].map((seed, index): RaceSpec => {
      const set = index < TRAIN_SEEDS.length ? "train" : "test";
      const sampleRateHz = SAMPLE_RATES_HZ[(index + track) % SAMPLE_RATES_HZ.length] ?? 10;
      return {
        set,
        trackId,
        seed: seed * 10 + track,
        laps,
        cars,
        sampleRateHz,
        stride: set === "train" ? TRAIN_STRIDE : 1,
      };
    }),
  );
}
