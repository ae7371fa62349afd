import type { CarState } from "./car-state.ts";

/** What the pit wall knows when it decides. */
export interface RaceView {
  readonly underCaution: boolean;
  readonly lapsToEnd: number;
}

/** A team calls its car in with this many laps left in the tank, more or less. */
const RESERVE_LAPS = 2.2;
const RESERVE_LAPS_SD = 0.4;
/** Nobody gives up track position for fuel this soon after a stop. */
const FRESH_STINT_LAPS = 8;
/** A full saver goes this much further on a tank [X]. */
const SAVING_REACH = 0.08;
const SAVING_STARTS_PER_LAP = 0.03;
/** Some teams try to make it although they are short on paper. */
export const GAMBLER_SHARE = 0.3;
export const GAMBLE_LAPS_MAX = 2.5;
export const SAVING_AT_START_PROBABILITY = 0.2;
const DRAFT_SAVER_SHARE = 0.4;
const MEAN_WEIGHT = 0.25;
/** A lap this far from the mean is no clean green lap. */
const CLEAN_LAP_TOLERANCE = 0.15;

/** At the line: learn from the lap, then stop, save or go on. */
export function decideAtLine(car: CarState, view: RaceView, wasGreen: boolean): void {
  if (wasGreen) learnBurn(car);
  const lapsInTank = car.levelKg / car.teamBurnKgPerLap;
  if (view.underCaution || car.phase !== "racing") return;
  const shortLaps = view.lapsToEnd - lapsInTank;
  const reserve = Math.max(1.2, car.prng.normal(RESERVE_LAPS, RESERVE_LAPS_SD));
  if (lapsInTank < reserve && shortLaps > car.style.nerveLaps) car.pitIntended = true;
  decideSaving(car, view, shortLaps, shortLaps / Math.max(1, lapsInTank));
}

/** Pit road has opened under caution. */
export function decideUnderCaution(car: CarState, view: RaceView): void {
  if (car.phase !== "racing") return;
  const stintLaps = car.lapNumber - car.lastStopLap;
  const lapsInTank = car.levelKg / car.teamBurnKgPerLap;
  if (stintLaps < FRESH_STINT_LAPS) return;
  if (lapsInTank > view.lapsToEnd && view.lapsToEnd < 12) return;
  car.pitIntended = car.prng.chance(0.88);
}

export function startSaving(car: CarState, lapNumber: number): void {
  car.savingLevel = car.prng.uniform(0.35, 1);
  car.savesByDrafting = car.prng.chance(DRAFT_SAVER_SHARE);
  car.savingUntilLap = lapNumber + car.prng.integer(6, 16);
}

function learnBurn(car: CarState): void {
  const measured = (car.lapBurnUg / 1e9) * car.truth.teamBurnScale;
  const ratio = measured / car.teamBurnKgPerLap;
  if (Math.abs(ratio - 1) > CLEAN_LAP_TOLERANCE) return;
  car.teamBurnKgPerLap += MEAN_WEIGHT * (measured - car.teamBurnKgPerLap);
}

function decideSaving(car: CarState, view: RaceView, shortLaps: number, shortShare: number): void {
  const isWithinReach = shortShare < SAVING_REACH || shortLaps < car.style.nerveLaps;
  if (shortShare > -0.01 && isWithinReach && view.lapsToEnd > 0) {
    car.savingLevel = Math.min(1, Math.max(0.2, (shortShare + 0.01) / SAVING_REACH));
    car.savesByDrafting = car.savingLevel > 0.5;
    car.savingUntilLap = car.lapNumber + 1;
    return;
  }
  if (car.savingLevel > 0 && car.lapNumber >= car.savingUntilLap) {
    car.savingLevel = 0;
    car.savesByDrafting = false;
  } else if (car.savingLevel === 0 && car.prng.chance(SAVING_STARTS_PER_LAP)) {
    startSaving(car, car.lapNumber);
  }
}
