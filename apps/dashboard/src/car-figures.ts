import type { CarView, Fact, LapFact, RaceView, RunTotals } from "@burnline/contract";
import { boardRow, densityOf, lapsLeftOf } from "./board-row.ts";
import { DASH, lapRange, missing, reasonWords, type Shown, shown, shownLapTime, shownPercent } from "./format.ts";
import { shownAmount, shownReading, UNIT_WORDS } from "./fuel-reading.ts";
import type { Units } from "./settings.ts";

/** One figure of the car page with the horizon it speaks of. */
export interface Figure {
  readonly label: string;
  readonly value: Shown;
  readonly unit: string;
  readonly note: string;
}

/** The large figures on top: what a commentator asks first. */
export function leadFigures(car: CarView, race: RaceView | undefined, units: Units): Figure[] {
  const row = boardRow(car, race, units);
  const unit = UNIT_WORDS[units].perLap;
  const averages = car.lastLap?.averages;
  return [
    {
      label: "Laps left",
      value: row.lapsLeft,
      unit: "laps",
      note: row.lapsLeftRange === "" ? "" : `${row.lapsLeftRange}, 8 times out of 10`,
    },
    finishFigure(car, race),
    { label: "Last lap", value: row.lastLap, unit, note: row.lastLapReasons === "" ? "valid lap" : row.lastLapReasons },
    { label: "Average", value: row.average, unit, note: `of the last ${row.averageLaps} valid` },
    { label: "Saved", value: row.saved, unit: "", note: savingNote(averages?.savingSinceLapNumber) },
    {
      label: "This lap so far",
      value: shownAmount(units, car.live?.lapBurnKg, densityOf(car, race), "no telemetry of this lap", 2),
      unit: "",
      note:
        car.live === undefined
          ? ""
          : `lap ${car.live.lapNumber}, ${Math.floor(car.live.lapPositionPpm / 10_000)} % of the way`,
    },
  ];
}

/** Laps of fuel against laps to go: short, enough, or too close to call; never a yes or no from a wide interval. */
function finishFigure(car: CarView, race: RaceView | undefined): Figure {
  const scheduled = race?.definition?.scheduledLaps ?? 0;
  // Lapped cars finish with the leader, so the leader's lap counts.
  const toGo = scheduled - (race?.leaderLapNumber ?? 0);
  const label = "End on this tank";
  if (scheduled === 0 || (race?.leaderLapNumber ?? 0) === 0) {
    return { label, value: missing("race length not known"), unit: "", note: "" };
  }
  const low = car.strategy?.lapsLeft?.p10;
  const high = car.strategy?.lapsLeft?.p90;
  const note = `${Math.max(0, toGo)} laps to go (+ overtime)`;
  if (low === undefined || high === undefined || lapsLeftOf(car) === undefined) {
    return { label, value: missing("laps of fuel not known"), unit: "", note };
  }
  if (toGo <= 0 || low >= toGo) return { label, value: shown("ENOUGH"), unit: "", note };
  if (high >= toGo) return { label, value: shown("CLOSE"), unit: "", note };
  return { label, value: shown("SHORT"), unit: "", note: `by ${lapRange(toGo - high, toGo - low)}; ${note}` };
}

function savingNote(sinceLap: number | undefined): string {
  return sinceLap === undefined ? "last lap against its own green average" : `saving since lap ${sinceLap}`;
}

/** The smaller figures: averages of every kind, and the balance of the tank. */
export function balanceFigures(car: CarView, race: RaceView | undefined, units: Units): Figure[] {
  const density = densityOf(car, race);
  const wayM = race?.definition?.track?.lengthM || (car.lastLap?.distanceMm ?? 0) / 1000;
  const averages = car.lastLap?.averages;
  const unit = UNIT_WORDS[units].perLap;
  const perLap = (label: string, kg: number | undefined, note: string, reason: string): Figure => ({
    label,
    value: shownReading(units, kg, wayM, density, reason),
    unit,
    note,
  });
  const strategy = car.strategy;
  return [
    perLap("All green laps", averages?.allGreenKgPerLap, "average", "no valid lap yet"),
    perLap("Least fuel", averages?.minKgPerLap, "of the valid laps", "no valid lap yet"),
    perLap("Most fuel", averages?.maxKgPerLap, "of the valid laps", "no valid lap yet"),
    perLap("Behind the pace car", averages?.cautionKgPerLap, "average", "no caution lap yet"),
    {
      label: "Stint so far",
      value: shownAmount(units, car.live?.stintBurnKg, density, "not known"),
      unit: "",
      note: "",
    },
    { label: "Race so far", value: shownAmount(units, car.live?.raceBurnKg, density, "not known"), unit: "", note: "" },
    {
      label: "In the tank",
      value: shownAmount(units, strategy?.levelKg?.p50, density, strategy?.levelKg?.reason || "fill not known"),
      unit: "",
      note: levelNote(car, units, density),
    },
    {
      label: "Rate from its own laps",
      value: shownPercent(strategy === undefined ? undefined : 1 - strategy.priorShare, "no lap completed yet"),
      unit: "",
      note: "the rest: expected for car and track",
    },
  ];
}

function levelNote(car: CarView, units: Units, densityKgPerL: number): string {
  const level = car.strategy?.levelKg;
  const anchor = car.strategy?.levelAnchor ?? "";
  const low = shownAmount(units, level?.p10, densityKgPerL, "");
  const high = shownAmount(units, level?.p90, densityKgPerL, "");
  const range = low.reason === undefined && high.reason === undefined ? `${low.text} to ${high.text}` : "";
  return [range, anchor === "" ? "" : `known from: ${anchor}`].filter((text) => text !== "").join("; ");
}

/** A line of the stint or stage table. */
export interface RunLine {
  readonly key: string;
  readonly number: string;
  readonly laps: string;
  readonly burn: Shown;
  readonly reading: Shown;
  readonly split: string;
  readonly isComplete: boolean;
}

/** Stints or stages, the running one last. */
export function runLines(facts: readonly Fact[], car: CarView, race: RaceView | undefined, units: Units): RunLine[] {
  const density = densityOf(car, race);
  const lines: RunLine[] = [];
  for (const { body } of facts) {
    if (body.case !== "stint" && body.case !== "stage") continue;
    const number = body.case === "stint" ? body.value.stintNumber : body.value.stageNumber;
    const totals = body.value.totals;
    if (totals === undefined) continue;
    const burnKg = totals.burnKg?.p50;
    const reason = totals.burnKg?.reason ?? "";
    const wayM = totals.distanceMm / 1000;
    // A run begins and ends somewhere on the lap, so its laps are counted by the way.
    const trackM = race?.definition?.track?.lengthM ?? 0;
    const share = isPerLap(units) ? (trackM > 0 && wayM > 0 ? trackM / wayM : undefined) : 1;
    const readKg = burnKg === undefined || share === undefined ? undefined : burnKg * share;
    lines.push({
      key: `${body.case}:${number}`,
      number: `${number}`,
      laps: `${totals.firstLapNumber}–${totals.lastLapNumber}`,
      burn: shownAmount(units, burnKg, density, reason),
      reading: shownReading(units, readKg, wayM, density, reason || "track length not known"),
      split: splitWords(totals),
      isComplete: totals.complete,
    });
  }
  return lines;
}

function isPerLap(units: Units): boolean {
  return units === "kg" || units === "l" || units === "gal";
}

/** Where the fuel went: "green 82 %, caution 15 %, pit road 3 %"; parts under half a percent are left out. */
function splitWords(totals: RunTotals): string {
  const split = totals.split;
  const sum = totals.physicsUg;
  if (split === undefined || !(sum > 0)) return DASH;
  const parts: readonly (readonly [string, number])[] = [
    ["green", split.greenUg],
    ["caution", split.cautionUg],
    ["restart", split.restartUg],
    ["pit road", split.pitRoadUg],
  ];
  return parts
    .filter(([, ug]) => ug / sum >= 0.005)
    .map(([word, ug]) => `${word} ${Math.round((ug / sum) * 100)}%`)
    .join(", ");
}

/** A line of the lap table. */
export interface LapLine {
  readonly key: string;
  readonly lapNumber: string;
  readonly reading: Shown;
  readonly interval: string;
  readonly time: Shown;
  readonly note: string;
  readonly isValid: boolean;
  readonly isFinal: boolean;
}

/** Newest first. */
export function lapLines(facts: readonly Fact[], car: CarView, race: RaceView | undefined, units: Units): LapLine[] {
  const density = densityOf(car, race);
  const lines: LapLine[] = [];
  for (const { body, final, id } of facts) {
    if (body.case !== "lap") continue;
    const lap = body.value;
    const read = (kg: number | undefined) =>
      shownReading(units, kg, lap.distanceMm / 1000, density, lap.burnKg?.reason ?? "");
    const ends = [read(lap.burnKg?.p10), read(lap.burnKg?.p90)];
    if (units === "mpg") ends.reverse();
    const isInterval = ends.every((end) => end.reason === undefined);
    lines.push({
      key: id,
      lapNumber: `${lap.lapNumber}`,
      reading: read(lap.burnKg?.p50),
      interval: isInterval ? ends.map((end) => end.text).join("–") : "",
      time: shownLapTime(lap.durationMs, "not known"),
      note: lapNote(lap),
      isValid: lap.reasons.length === 0,
      isFinal: final,
    });
  }
  return lines.reverse();
}

function lapNote(lap: LapFact): string {
  const words = reasonWords(lap.reasons);
  if (lap.gapMs < 500) return words;
  const gap = `${(lap.gapMs / 1000).toFixed(1)} s without telemetry`;
  return words === "" ? gap : `${words}; ${gap}`;
}
