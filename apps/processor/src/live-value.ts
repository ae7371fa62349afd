import {
  create,
  type FlagState,
  LiveValueSchema,
  STATUS_ON_PIT_ROAD,
  type TelemetryFrame,
  toBinary,
} from "@burnline/contract";
import type { CarFuel } from "@burnline/fuel";

/** The gauge of one car: its newest sample, and what its ledger says. */
export function encodeLiveValue(race: string, frame: TelemetryFrame, flag: FlagState, fuel: CarFuel): Uint8Array {
  const last = frame.offsetMs.length - 1;
  const eventTimeMs = frame.eventTimeMs + (frame.offsetMs[last] ?? 0);
  const { lapNumber, stintNumber, stageNumber, meter, ...amounts } = fuel.live(eventTimeMs);
  const value = create(LiveValueSchema, {
    race,
    car: frame.car,
    eventTimeMs,
    lapNumber,
    lapPositionPpm: frame.lapPositionPpm[last] ?? 0,
    speedMmPerS: frame.speedMmPerS[last] ?? 0,
    rpm: (frame.rpmTenths[last] ?? 0) / 10,
    throttle: (frame.throttleBasisPoints[last] ?? 0) / 10_000,
    flag,
    onPitRoad: ((frame.statusBits[last] ?? 0) & STATUS_ON_PIT_ROAD) !== 0,
    meter,
    stintNumber,
    stageNumber,
  });
  // Absent, not 0, where nothing is known.
  if (amounts.burnKgPerS !== undefined) value.burnKgPerS = amounts.burnKgPerS;
  if (amounts.lapBurnKg !== undefined) value.lapBurnKg = amounts.lapBurnKg;
  if (amounts.stintBurnKg !== undefined) value.stintBurnKg = amounts.stintBurnKg;
  if (amounts.raceBurnKg !== undefined) value.raceBurnKg = amounts.raceBurnKg;
  if (amounts.meterRatio !== undefined) value.meterRatio = amounts.meterRatio;
  return toBinary(LiveValueSchema, value);
}
