import { frame } from "@burnline/contract/testing";
import { describe, expect, it } from "vitest";
import { BurnModel } from "./burn-model.ts";
import { findCarProfile } from "./profiles.ts";
import { REGIME_CAUTION } from "./regime.ts";
import { fillBurn, NO_CHANNEL, SampleColumns } from "./sample-columns.ts";

const model = new BurnModel(findCarProfile("nextgen")!);

describe("sample columns", () => {
  it("give every sample its own event time and its share of the way", () => {
    const columns = new SampleColumns();
    columns.load(frame({ eventTimeMs: 5_000, speedMmPerS: Array.from({ length: 12 }, () => 78_000) }));
    expect(columns.count).toBe(12);
    expect(columns.eventTimeMs[0]).toBe(5_000);
    expect(columns.eventTimeMs[11]).toBe(5_000 + Math.floor(11_000 / 120));
    expect(columns.distanceMm[3]).toBe(650);
  });

  it("say that there is no channel rather than zero", () => {
    const columns = new SampleColumns();
    columns.load(frame());
    columns.load(frame({ rpmTenths: [], speedMmPerS: [], lapPositionPpm: [], lapNumber: [] }));
    for (const column of [columns.rpmTenths, columns.speedMmPerS, columns.lapPositionPpm, columns.lapNumber]) {
      expect([...column.subarray(0, 12)]).toEqual(Array.from({ length: 12 }, () => NO_CHANNEL));
    }
    expect(columns.distanceMm[0]).toBe(0);
  });

  it("burn whole micrograms, by the regime of each sample", () => {
    const columns = new SampleColumns();
    columns.load(frame());
    columns.regime.fill(0);
    columns.regime[5] = REGIME_CAUTION;
    fillBurn(model, columns);
    expect(columns.burnUg[0]).toBe(Math.round((model.rateKgPerS(0.8, 8_200, 0) / 120) * 1e9));
    expect(columns.burnUg[5]).toBe(Math.round((model.rateKgPerS(0.8, 8_200, 1) / 120) * 1e9));
    for (const burn of columns.burnUg.subarray(0, 12)) expect(Number.isSafeInteger(burn)).toBe(true);
  });

  it("burn nothing without an engine speed", () => {
    const columns = new SampleColumns();
    columns.load(frame({ rpmTenths: [] }));
    fillBurn(model, columns);
    expect([...columns.burnUg.subarray(0, 12)]).toEqual(Array.from({ length: 12 }, () => 0));
  });
});
