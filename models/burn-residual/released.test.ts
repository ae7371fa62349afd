import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { CAR_PROFILE_IDS, FEATURE_NAMES, FEATURE_SCHEMA_VERSION, PHYSICS_VERSION } from "@burnline/fuel";
import { describe, expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`1/${file}`, import.meta.url));
const schema = JSON.parse(read("feature-schema.json").toString());
const card = read("card.md").toString();
const evaluation = JSON.parse(read("evaluation.json").toString());

/** An ONNX larger than this is not small any more and does not belong into the repository. */
const ONNX_BYTES_MAX = 300 * 1024;

/** Columns of the card's table, as train.py writes them. */
const CARD_FIGURES = [
  ["raw", "greenLapErrorPercent"],
  ["scaled", "windowErrorPercent"],
  ["scaled", "greenLapErrorPercent"],
  ["scaled", "coastingGreenLapErrorPercent"],
  ["scaled", "cautionLapErrorPercent"],
  ["scaled", "pitLapErrorPercent"],
  ["scaled", "stintErrorPercent"],
] as const;

type Errors = Record<"raw" | "scaled", Record<string, number>>;
type Result = Record<"share0.0" | "share0.2" | "share1.0", Errors>;

describe("the released model", () => {
  it("is small and is the file that its schema names", () => {
    const onnx = read("model.onnx");
    expect(onnx.byteLength).toBeLessThan(ONNX_BYTES_MAX);
    expect(createHash("sha256").update(onnx).digest("hex")).toBe(schema.onnxSha256);
  });

  it("was trained on the features and the physics of this repository", () => {
    expect(schema.features.map((feature: { name: string }) => feature.name)).toEqual([...FEATURE_NAMES]);
    expect(schema.featureSchemaVersion).toBe(FEATURE_SCHEMA_VERSION);
    expect(schema.physicsVersion).toBe(PHYSICS_VERSION);
    for (const profile of schema.carProfiles) expect(CAR_PROFILE_IDS).toContain(profile);
  });

  it("was judged on races and tracks that it was not trained on", () => {
    const seeds = (set: string) =>
      evaluation.races.filter((race: { set: string }) => race.set === set).map((race: { seed: number }) => race.seed);
    expect(seeds("train").length).toBeGreaterThan(0);
    expect(seeds("test").filter((seed: number) => seeds("train").includes(seed))).toEqual([]);
    expect(Object.keys(evaluation.results).filter((name) => name.startsWith("heldOutTrack:"))).toHaveLength(3);
  });

  it("has a card whose table is the evaluation's", () => {
    for (const [name, result] of Object.entries<Result>(evaluation.results)) {
      const row = card.split("\n").find((line) => line.startsWith(`| ${name} |`));
      const shown = row
        ?.split("|")
        .slice(2, -1)
        .map((cell) => cell.trim());
      const shares = [result["share0.0"], result["share0.2"], result["share1.0"]];
      expect(shown).toEqual(CARD_FIGURES.map(([how, figure]) => shares.map((one) => one[how][figure]).join(" → ")));
    }
  });
});
