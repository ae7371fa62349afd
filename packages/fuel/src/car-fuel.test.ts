import { describe, expect, it } from "vitest";
import { CarFuel } from "./car-fuel.ts";
import { columnsOf, context, control, drive, feed, finish, latest, throughJson } from "./testing/tape.ts";

describe("one car's fuel", () => {
  it("says every lap at once, provisional, and again when it is final", () => {
    const fuel = new CarFuel(context());
    const outputs = feed(fuel, drive([{}, {}, {}]));
    const laps = outputs.filter((output) => output.kind === "lap");
    expect(laps.map((lap) => [lap.key, lap.revision, lap.final])).toEqual([
      ["1", 0, false],
      ["1", 1, true],
      ["2", 0, false],
      ["2", 1, true],
    ]);
    expect(laps[0]!.body.samples).toBe(300);
    expect(laps[0]!.body.reasons).toEqual([]);
    expect(fuel.invariantFault()).toBeUndefined();
  });
});
