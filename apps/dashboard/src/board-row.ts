import { type CarView, FlagState, type LapFact, type Provenance, type RaceView } from "@burnline/contract";
import { fuelDensityKgPerL } from "@burnline/fuel/units";
import {
  DASH,
  lapRange,
  missing,
  reasonCode,
  reasonWords,
  type Shown,
  shown,
  shownNumber,
  shownPercent,
  wholeLaps,
} from "./format.ts";
import { shownReading, UNIT_WORDS } from "./fuel-reading.ts";
import type { Units } from "./settings.ts";

/** One line of the board, ready to be painted. */
export interface BoardRow {
  readonly car: string;
  readonly position: Shown;
  readonly driver: string;
  readonly manufacturer: string;
  readonly team: string;
  readonly state: CarState;
  readonly lastLap: Shown;
  /** Why the last lap may not enter an average; empty = valid. */
  readonly lastLapCode: string;
  readonly lastLapReasons: string;
  readonly average: Shown;
  readonly averageLaps: number;
  readonly meter: MeterReading;
  readonly lapsLeft: Shown;
  /** "28–34"; empty without an honest interval. */
  readonly lapsLeftRange: string;
  readonly isLow: boolean;
  readonly saved: Shown;
  readonly stintLaps: Shown;
  readonly provenance: string;
}

export interface CarState {
  /** Four letters at most; empty = running under green. */
  readonly code: string;
  readonly words: string;
}

export type MeterWord = "hard" | "neutral" | "saving";

export interface MeterReading {
  readonly word: MeterWord | undefined;
  /** -1 = saves METER_SPAN or more, 0 = as its own average, 1 = burns METER_SPAN or more above it. */
  readonly deflection: number;
  readonly reason: string;
}

/** The meter's end stops: 15 % above or below the car's own green average. */
export const METER_SPAN = 0.15;
/** From here on a car counts as low: what a field under green can still react to. */
const LOW_LAPS_MAX = 5;

export function boardRow(view: CarView, race: RaceView | undefined, units: Units): BoardRow {
  const lap = view.lastLap;
  const reasons = lap?.reasons ?? [];
  const left = lapsLeft(view);
  return {
    car: view.car,
    position: view.position > 0 ? shown(`${view.position}`) : missing("running order not known"),
    driver: view.entry?.driver ?? "",
    manufacturer: view.entry?.manufacturer ?? "",
    team: view.entry?.team ?? "",
    state: carState(view, race?.flag),
    lastLap: lapReading(lap, densityOf(view, race), units),
    lastLapCode: reasonCode(reasons),
    lastLapReasons: reasonWords(reasons),
    average: averageReading(view, race, units),
    averageLaps: averageLaps(lap),
    meter: meterReading(view),
    lapsLeft: left.value,
    lapsLeftRange: left.range,
    isLow: left.value.reason === undefined && Number(left.value.text) <= LOW_LAPS_MAX,
    saved: savedReading(lap),
    stintLaps: stintLaps(view),
    provenance: provenanceWords(view.lastLapProvenance),
  };
}

/** Whole laps on the fuel aboard: the middle of the interval; undefined when not known. */
export function lapsLeftOf(view: CarView): number | undefined {
  return wholeLaps(view.strategy?.lapsLeft?.p50);
}

/** How many laps the average of the last ones is of: fewer than asked for at the start of a race. */
export function averageLaps(lap: LapFact | undefined): number {
  const averages = lap?.averages;
  return averages === undefined ? 0 : Math.min(averages.lastN, averages.validLaps);
}

function averageKgPerLap(view: CarView): number | undefined {
  return view.lastLap?.averages?.lastNKgPerLap;
}

/** Density of the car's fuel in kg/L, for display only. */
export function densityOf(view: CarView, race: RaceView | undefined): number {
  return fuelDensityKgPerL(view.entry?.carProfile || race?.definition?.carProfile);
}

/** "physics", or the largest share that a model had in the number. */
export function provenanceWords(provenance: Provenance | undefined): string {
  if (provenance === undefined) return "origin not known";
  const { modelShare, coverage } = provenance;
  const hasModel = Number.isFinite(modelShare) && modelShare > 0;
  const words = [
    hasModel ? `physics + model ${provenance.modelVersion}, share ≤ ${Math.ceil(modelShare * 100)} %` : "physics",
  ];
  if (Number.isFinite(coverage) && coverage < 0.995) words.push(`${Math.floor(coverage * 100)} % of the telemetry`);
  if (provenance.degraded) words.push("totals degraded: part of the log is gone");
  return words.join(" · ");
}

/** What a screen reader says, and the line at the foot of the board: the row in words, with every reason. */
export function rowWords(row: BoardRow, view: CarView, units: Units): string[] {
  const unit = UNIT_WORDS[units].perLap;
  const words = [
    `last lap ${valueWords(row.lastLap, unit)}${row.lastLapReasons === "" ? "" : ` (${row.lastLapReasons}: not in averages)`}`,
    `average ${row.averageLaps > 0 ? `of last ${row.averageLaps} valid ` : ""}${valueWords(row.average, unit)}`,
    row.meter.word === undefined ? `meter ${DASH} (${row.meter.reason})` : `driving: ${row.meter.word}`,
    `laps left ${lapsLeftWords(row, view)}`,
  ];
  if (row.state.words !== "") words.unshift(row.state.words);
  return [...words, row.provenance];
}

function valueWords(value: Shown, unit: string): string {
  return value.reason === undefined ? `${value.text} ${unit}` : `${DASH} (${value.reason})`;
}

function lapsLeftWords(row: BoardRow, view: CarView): string {
  if (row.lapsLeft.reason !== undefined) return `${DASH} (${row.lapsLeft.reason})`;
  const anchor = view.strategy?.levelAnchor ?? "";
  const after = `after lap ${view.strategy?.lapNumber ?? 0}${anchor === "" ? "" : `, tank known from: ${anchor}`}`;
  return `${row.lapsLeftRange === "" ? row.lapsLeft.text : row.lapsLeftRange} (${after})`;
}

/** The flag of a car is said only where it is not the one that the head of the page shows. */
function carState(view: CarView, raceFlag: FlagState | undefined): CarState {
  if (view.stale) return { code: "LOST", words: "no telemetry" };
  if (view.live === undefined) return { code: "WAIT", words: "no telemetry yet" };
  if (view.live.onPitRoad) return { code: "PIT", words: "on pit road" };
  if (view.live.flag === raceFlag) return { code: "", words: "" };
  switch (view.live.flag) {
    case FlagState.CAUTION:
      return { code: "CAU", words: "under caution" };
    case FlagState.RED:
      return { code: "RED", words: "under red" };
    case FlagState.CHECKERED:
      return { code: "FIN", words: "took the checkered flag" };
    default:
      return { code: "", words: "" };
  }
}

function lapReading(lap: LapFact | undefined, densityKgPerL: number, units: Units): Shown {
  if (lap === undefined) return missing("no lap completed yet");
  return shownReading(units, lap.burnKg?.p50, lap.distanceMm / 1000, densityKgPerL, lap.burnKg?.reason ?? "");
}

function averageReading(view: CarView, race: RaceView | undefined, units: Units): Shown {
  const averages = view.lastLap?.averages;
  if (averages === undefined) return missing("no lap completed yet");
  // An average is of whole laps, so its way is the length of the track; unknown, that of the last lap will do.
  const trackM = race?.definition?.track?.lengthM ?? 0;
  const lapM = (view.lastLap?.distanceMm ?? 0) / 1000;
  const wayM = trackM > 0 ? trackM : lapM;
  return shownReading(units, averages.lastNKgPerLap, wayM, densityOf(view, race), "no valid lap yet");
}

function savedReading(lap: LapFact | undefined): Shown {
  if (lap === undefined) return missing("no lap completed yet");
  const why =
    lap.reasons.length === 0 ? "no green average of its own yet" : `not compared: ${reasonWords(lap.reasons)}`;
  return shownPercent(lap.averages?.savedFraction, why, true);
}

function meterReading(view: CarView): MeterReading {
  const live = view.live;
  if (view.stale || live === undefined) return noMeter("no telemetry");
  if (live.onPitRoad) return noMeter("on pit road");
  const ratio = live.meterRatio;
  if (ratio !== undefined && Number.isFinite(ratio)) {
    const deflection = Math.max(-1, Math.min(1, (ratio - 1) / METER_SPAN));
    return { word: meterWord(live.meter), deflection, reason: "" };
  }
  if (live.flag === FlagState.CAUTION || live.flag === FlagState.RED) return noMeter("compared under green only");
  if (averageKgPerLap(view) === undefined) return noMeter("no valid lap of its own to compare with");
  return noMeter("too early in the lap to compare");
}

function noMeter(reason: string): MeterReading {
  return { word: undefined, deflection: 0, reason };
}

function meterWord(word: string): MeterWord | undefined {
  return word === "hard" || word === "neutral" || word === "saving" ? word : undefined;
}

function lapsLeft(view: CarView): { value: Shown; range: string } {
  const strategy = view.strategy;
  if (strategy === undefined) return { value: missing("no lap completed yet"), range: "" };
  const left = strategy.lapsLeft;
  const laps = wholeLaps(left?.p50);
  if (laps === undefined) {
    const reason = [left?.reason, strategy.levelKg?.reason].find((text) => text !== undefined && text !== "");
    return { value: missing(reason ?? "fuel level not known"), range: "" };
  }
  return { value: shown(`${laps}`), range: lapRange(left?.p10, left?.p90) ?? "" };
}

/** Laps completed since pit road; the running one does not count. */
function stintLaps(view: CarView): Shown {
  const { stint, live } = view;
  if (stint?.totals === undefined) return missing("no lap completed yet");
  const { firstLapNumber, lastLapNumber } = stint.totals;
  const isRunning = live !== undefined && live.stintNumber === stint.stintNumber && live.lapNumber >= firstLapNumber;
  return shownNumber(isRunning ? live.lapNumber - firstLapNumber : lastLapNumber - firstLapNumber + 1, 0, "not known");
}
