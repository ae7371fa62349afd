import { type CarView, FlagState, type RaceView } from "@burnline/contract";
import { fuelDensityKgPerL, kgToGallons, toLitres, toLitresPer100Km, toMpg } from "@burnline/fuel/units";
import type { AirUnits } from "./graphic-data.ts";

/** What goes on air: words and one bar. A number that is not honest enough is absent, never a dash. */
export interface AirView {
  readonly car: string;
  readonly driver: string;
  readonly bar: AirBar;
  readonly reading: AirReading | undefined;
  /** "20–25"; absent when the interval is too wide to be put before viewers. */
  readonly lapsLeft: string | undefined;
}

interface AirBar {
  readonly word: "HARD" | "NEUTRAL" | "SAVING" | "CAUTION" | "RED FLAG" | "PIT ROAD" | "NO DATA" | "";
  /** -1 = saves BAR_SPAN or more, 1 = burns BAR_SPAN or more above its own green average; undefined: no needle. */
  readonly deflection: number | undefined;
}

interface AirReading {
  readonly text: string;
  readonly unit: string;
  readonly label: "LAST LAP" | "AVERAGE";
}

/** The bar's end stops: 15 % above or below the car's own green average. */
const BAR_SPAN = 0.15;
/** Without news of the car for this long, the bar says so. */
export const NO_DATA_AFTER_MS = 5_000;
/** A range of laps wider than this, and than a quarter of its middle, says too little to be put on air. */
export const AIR_LAPS_WIDTH_MAX = 4;
const AIR_LAPS_WIDTH_SHARE_MAX = 0.25;
/** Telemetry that covered less of the last lap than this makes a number that is not shown. */
const AIR_COVERAGE_MIN = 0.95;

/** undefined: the car is not known, so nothing goes on air. */
export function airView(
  car: CarView | undefined,
  race: RaceView | undefined,
  units: AirUnits,
  newsAgeMs: number,
): AirView | undefined {
  if (car === undefined || (car.live === undefined && car.lastLap === undefined)) return undefined;
  const isFresh = !car.stale && newsAgeMs <= NO_DATA_AFTER_MS;
  return {
    car: car.car,
    driver: car.entry?.driver || `Car ${car.car}`,
    bar: isFresh ? airBar(car) : { word: "NO DATA", deflection: undefined },
    reading: airReading(car, race, units),
    lapsLeft: isFresh ? airLapsLeft(car) : undefined,
  };
}

function airBar(car: CarView): AirBar {
  const live = car.live;
  if (live?.onPitRoad === true) return { word: "PIT ROAD", deflection: undefined };
  if (live?.flag === FlagState.CAUTION) return { word: "CAUTION", deflection: undefined };
  if (live?.flag === FlagState.RED) return { word: "RED FLAG", deflection: undefined };
  const ratio = live?.meterRatio;
  if (ratio === undefined || !Number.isFinite(ratio)) return { word: "", deflection: undefined };
  const words = { hard: "HARD", neutral: "NEUTRAL", saving: "SAVING" } as const;
  const word = live?.meter === "hard" || live?.meter === "neutral" || live?.meter === "saving" ? words[live.meter] : "";
  return { word, deflection: Math.max(-1, Math.min(1, (ratio - 1) / BAR_SPAN)) };
}

/** The last lap when it is valid, otherwise the average of the valid ones. */
function airReading(car: CarView, race: RaceView | undefined, units: AirUnits): AirReading | undefined {
  const lap = car.lastLap;
  if (lap === undefined || !isTrusted(car)) return undefined;
  const isValid = lap.reasons.length === 0;
  const trackM = race?.definition?.track?.lengthM || lap.distanceMm / 1000;
  const burnKg = isValid ? lap.burnKg?.p50 : lap.averages?.lastNKgPerLap;
  if (burnKg === undefined) return undefined;
  const density = fuelDensityKgPerL(car.entry?.carProfile || race?.definition?.carProfile);
  const value = toReading(units, burnKg, isValid ? lap.distanceMm / 1000 : trackM, density);
  if (value === undefined || !Number.isFinite(value)) return undefined;
  const { unit, decimals } = AIR_UNIT_WORDS[units];
  return { text: value.toFixed(decimals), unit, label: isValid ? "LAST LAP" : "AVERAGE" };
}

function toReading(units: AirUnits, burnKg: number, wayM: number, densityKgPerL: number): number | undefined {
  switch (units) {
    case "mpg":
      return toMpg(wayM, burnKg, densityKgPerL);
    case "l100":
      return toLitresPer100Km(wayM, burnKg, densityKgPerL);
    case "kg":
      return burnKg;
    case "gal":
      return kgToGallons(burnKg, densityKgPerL);
    case "l":
      return toLitres(burnKg, densityKgPerL);
  }
}

const AIR_UNIT_WORDS: Readonly<Record<AirUnits, { readonly unit: string; readonly decimals: number }>> = {
  mpg: { unit: "MPG", decimals: 1 },
  l100: { unit: "L/100 KM", decimals: 1 },
  kg: { unit: "KG/LAP", decimals: 2 },
  gal: { unit: "GAL/LAP", decimals: 2 },
  l: { unit: "L/LAP", decimals: 2 },
};

function airLapsLeft(car: CarView): string | undefined {
  const left = car.strategy?.lapsLeft;
  if (left?.p10 === undefined || left.p50 === undefined || left.p90 === undefined || !isTrusted(car)) return undefined;
  // Written so that NaN fails.
  const width = left.p90 - left.p10;
  if (!(width >= 0 && width <= Math.max(AIR_LAPS_WIDTH_MAX, left.p50 * AIR_LAPS_WIDTH_SHARE_MAX))) return undefined;
  const from = Math.max(0, Math.floor(left.p10));
  const to = Math.max(0, Math.floor(left.p90));
  return from === to ? `${from}` : `${from}–${to}`;
}

function isTrusted(car: CarView): boolean {
  const provenance = car.lastLapProvenance;
  return provenance !== undefined && !provenance.degraded && provenance.coverage >= AIR_COVERAGE_MIN;
}
