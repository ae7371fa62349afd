import { describe, expect, it } from "vitest";
import { speedProfile } from "./speed-profile.ts";
import { scaledStageEnds, TRACK_SPECS } from "./track.ts";

describe.each(TRACK_SPECS)("$id", (spec) => {
  const profile = speedProfile(spec);

  it("can be driven with the brakes of its calibration all around the lap", () => {
    for (let bin = 0; bin < profile.binCount; bin++) {
      const here = profile.limitMps[bin]!;
      const next = profile.limitMps[(bin + 1) % profile.binCount]!;
      const neededMps2 = ((here * here - next * next) / 2) * profile.binsPerM;
      expect(neededMps2).toBeLessThanOrEqual(spec.calibration.brakeMps2 * 1.001);
    }
  });

  it("asks for no more grip in any bin than the banked road gives", () => {
    for (let bin = 0; bin < profile.binCount; bin++) {
      const lateralMps2 = profile.limitMps[bin]! ** 2 * profile.curvaturePerM[bin]!;
      expect(lateralMps2).toBeLessThanOrEqual(profile.lateralGripMps2[bin]! * 1.000001);
    }
  });

  it("keeps the shares of its stages in a shorter race and ends the last stage with the race", () => {
    expect(scaledStageEnds(spec, spec.laps.value)).toEqual(spec.stageEndLaps);
    for (const laps of [1, 2, 7, 40, 123]) {
      const ends = scaledStageEnds(spec, laps);
      expect(ends.at(-1)).toBe(laps);
      expect([...ends].sort((a, b) => a - b)).toEqual([...new Set(ends)]);
      expect(ends[0]).toBeGreaterThanOrEqual(1);
    }
  });

  it("names the source of every prior", () => {
    for (const prior of [spec.lengthMiles, spec.laps, spec.greenLapS, spec.greenBurnGalPerLap, spec.paceMph]) {
      expect(prior.source.length).toBeGreaterThan(5);
      expect("SMIX").toContain(prior.tag);
    }
  });
});
