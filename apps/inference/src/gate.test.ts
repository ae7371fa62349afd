import { FlagState } from "@burnline/contract";
import { FEATURE_NAMES } from "@burnline/fuel";
import { describe, expect, it } from "vitest";
import { declineReason, firstOutOfRange } from "./gate.ts";
import { RACE, schema, type WindowOverrides, windowFact } from "./testing/windows.ts";
import { decodeWindowFact } from "./window-request.ts";

function reasonFor(overrides: WindowOverrides, carProfile: string | undefined = "nextgen") {
  const { partition, subject, payload } = windowFact(overrides);
  const decoded = decodeWindowFact({ position: 1, partition, subject, payload, appendedAtMs: 0 }, RACE);
  if (!decoded.ok) return decoded.error;
  return declineReason(schema(), decoded.value, carProfile);
}

function featuresWith(name: (typeof FEATURE_NAMES)[number], value: number): number[] {
  return FEATURE_NAMES.map((one) => (one === name ? value : 0.5));
}

describe("the gate", () => {
  it("lets through what the model was trained on, ends of the range included", () => {
    expect(reasonFor({})).toBeUndefined();
    expect(reasonFor({ window: { features: featuresWith("rpmMeanKrpm", 1) } })).toBeUndefined();
    expect(reasonFor({ window: { features: featuresWith("rpmMeanKrpm", 0) } })).toBeUndefined();
  });

  it.each(FEATURE_NAMES)("declines a window whose %s is beyond the training range", (name) => {
    for (const value of [1.000001, Number.NaN, Number.POSITIVE_INFINITY]) {
      const features = featuresWith(name, value);
      expect(firstOutOfRange(schema(), features)).toBe(name);
      expect(reasonFor({ window: { features } })).toMatch(/^(out-of-range|few-samples)$/);
    }
  });

  it("declines what it cannot judge, each with its reason", () => {
    expect(reasonFor({ window: { features: [] } })).toBe("missing-channel");
    expect(reasonFor({ window: { features: [0.5] } })).toBe("feature-schema-version");
    expect(reasonFor({ window: { featureSchemaVersion: 2 } })).toBe("feature-schema-version");
    expect(reasonFor({ physicsVersion: "phys4-9" })).toBe("physics-version");
    expect(reasonFor({}, "formulavee")).toBe("car-profile");
    expect(reasonFor({ window: { burnUg: 0 } })).toBe("no-burn");
    expect(reasonFor({ window: { burnUg: Number.NaN } })).toBe("no-burn");
    expect(reasonFor({ window: { flag: FlagState.RED } })).toBe("red-flag");
    expect(reasonFor({ window: { features: featuresWith("sampleShare", 0.49) } })).toBe("few-samples");
    expect(reasonFor({ race: "other" })).toBe("foreign-race");
    expect(reasonFor({ car: "a.b" })).toBe("undecodable");
    expect(reasonFor({ window: { startMs: Number.NaN } })).toBe("undecodable");
  });

  it("declines as long as nobody said what car it is", () => {
    const { partition, subject, payload } = windowFact();
    const decoded = decodeWindowFact({ position: 1, partition, subject, payload, appendedAtMs: 0 }, RACE);
    expect(decoded.ok && declineReason(schema(), decoded.value, undefined)).toBe("car-profile");
  });
});
