import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AlertBook } from "./alerts.ts";
import { addGreenLap, baselineUgOf, endSaving, freshSaving, meterWordOf, type SavingState } from "./saving.ts";

const LAP_UG = 1_000_000_000;

function drive(state: SavingState, factors: readonly number[], firstLap: number): void {
  factors.forEach((factor, index) => {
    addGreenLap(state, firstLap + index, Math.round(LAP_UG * factor));
  });
}
const laps = (count: number, factor: number) => Array.from({ length: count }, () => factor);

describe("saving", () => {
  it("is not seen before there is a baseline of three laps", () => {
    const state = freshSaving();
    drive(state, [1, 0.5], 1);
    expect(baselineUgOf(state)).toBeUndefined();
    expect(state.sinceLapNumber).toBe(0);
    expect(state.meter).toBe("");
  });

  it("is told since the lap at which it began, not at which it was noticed", () => {
    const state = freshSaving();
    drive(state, laps(10, 1), 1);
    drive(state, laps(3, 0.97), 11);
    expect(state.sinceLapNumber).toBe(11);
    expect(state.meter).toBe("saving");
  });

  it("does not drag the baseline down that it is measured against", () => {
    const state = freshSaving();
    drive(state, laps(10, 1), 1);
    drive(state, laps(40, 0.93), 11);
    expect(baselineUgOf(state)! / LAP_UG).toBeGreaterThan(0.99);
    expect(state.sinceLapNumber).toBe(11);
  });

  it("ends after two laps of racing, not after one", () => {
    const state = freshSaving();
    drive(state, [...laps(10, 1), ...laps(5, 0.94)], 1);
    drive(state, [1, 0.94, 1], 16);
    expect(state.sinceLapNumber).toBe(11);
    drive(state, [1], 19);
    expect(state.sinceLapNumber).toBe(0);
  });

  it("ends with a stop or a caution", () => {
    const state = freshSaving();
    drive(state, [...laps(10, 1), ...laps(5, 0.94)], 1);
    endSaving(state);
    expect(state.sinceLapNumber).toBe(0);
    expect(baselineUgOf(state)).toBeDefined();
  });

  it("is not found in laps that differ by less than the model's own noise", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.995, max: 1.005, noNaN: true }), { maxLength: 200 }), (factors) => {
        const state = freshSaving();
        drive(state, factors, 1);
        expect(state.sinceLapNumber).toBe(0);
      }),
    );
  });

  it("has a meter that does not flicker at the border of a word", () => {
    expect(meterWordOf("neutral", 0.02)).toBe("neutral");
    expect(meterWordOf("saving", 0.02)).toBe("saving");
    expect(meterWordOf("hard", 0.02)).toBe("neutral");
    expect(meterWordOf("neutral", -0.03)).toBe("hard");
    expect(meterWordOf("hard", -0.02)).toBe("hard");
    expect(meterWordOf("", 0)).toBe("neutral");
  });
});

describe("alerts", () => {
  it("are said once and taken back once, with rising revisions under one key", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (states) => {
        let book = new AlertBook("24");
        let isActive = false;
        let revision = -1;
        states.forEach((state, lapNumber) => {
          const change = book.set("saving", state, lapNumber, "text");
          expect(change === undefined).toBe(state === isActive);
          if (change !== undefined) {
            isActive = state;
            revision++;
            expect(change).toMatchObject({ key: "saving:24", revision, body: { active: state, kind: "saving" } });
          }
          book = new AlertBook("24", book.snapshot());
        });
        expect(book.isActive("saving")).toBe(isActive);
      }),
    );
  });
});
