import { fromBinary, MlCorrectionSchema, parseRaceSubject, partitionOf } from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOG_RATIO_PPM_MAX, toCorrection, toLogAppend } from "./correction.ts";
import { RACE, windowFact } from "./testing/windows.ts";
import { decodeWindowFact, type WindowRequest } from "./window-request.ts";

function request(): WindowRequest {
  const { partition, subject, payload } = windowFact({ car: "48", startMs: 5_000, revision: 2 });
  const decoded = decodeWindowFact({ position: 1, partition, subject, payload, appendedAtMs: 0 }, RACE);
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

describe("a correction", () => {
  it("is whole millionths within the clip, quantiles in order, whatever the model says", () => {
    const logRatio = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(logRatio, logRatio, logRatio), (logRatios) => {
        const correction = toCorrection(request(), logRatios, "m")!;
        const ppm = [correction.logRatioPpmP10, correction.logRatioPpmP50, correction.logRatioPpmP90];
        for (const value of ppm) {
          expect(Number.isInteger(value)).toBe(true);
          expect(Math.abs(value)).toBeLessThanOrEqual(LOG_RATIO_PPM_MAX);
        }
        expect(ppm).toEqual([...ppm].sort((a, b) => a - b));
      }),
    );
  });

  it("does not exist when an answer is not a finite number", () => {
    expect(toCorrection(request(), [0, Number.NaN, 0], "m")).toBeUndefined();
    expect(toCorrection(request(), [0, 0, Number.POSITIVE_INFINITY], "m")).toBeUndefined();
  });

  it("goes to its car's partition under an id that names car, window, revision and model", () => {
    const correction = toCorrection(request(), [-0.0100004, 0.02, 0.5], "burn-residual-7")!;
    const append = toLogAppend(RACE, correction);
    expect(append.messageId).toBe("ml:48:5000:2:burn-residual-7");
    expect(append.partition).toBe(partitionOf("48"));
    expect(parseRaceSubject(append.subject)).toEqual({ kind: "ml", name: "48" });
    expect(fromBinary(MlCorrectionSchema, append.payload)).toMatchObject({
      car: "48",
      windowStartMs: 5_000,
      windowRevision: 2,
      logRatioPpmP10: -10_000,
      logRatioPpmP50: 20_000,
      logRatioPpmP90: 350_000,
      modelVersion: "burn-residual-7",
    });
  });
});
