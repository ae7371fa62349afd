import type { Prng } from "@burnline/std";
import type { CarState } from "./car-state.ts";
import type { SimFlag } from "./events.ts";
import type { Journal } from "./journal.ts";
import { decideUnderCaution } from "./strategy.ts";

/** The first caution comes early, so that a watcher soon sees one; later ones as often as in a real race [I]. */
const FIRST_CAUTION_MS_MIN = 75_000;
const FIRST_CAUTION_MS_MEAN = 60_000;
const FIRST_CAUTION_MS_MAX = 240_000;
const NEXT_CAUTION_MS_MIN = 150_000;
const NEXT_CAUTION_MS_MEAN = 700_000;
const CAUTION_LAPS_MIN = 3;
const CAUTION_LAPS_MAX = 4;
/** Green comes at the latest this many laps after it should, whether or not the field is bunched. */
const RESTART_DELAY_LAPS_MAX = 3;
const BUNCHED_GAP_M = 60;
const PITS_OPEN_AFTER_MS = 40_000;
const OVERTIME_LAPS = 2;
/** After so many tries no further caution is called. */
const OVERTIME_TRIES_MAX = 3;
/** Now and then the track has to be cleaned with the field standing [I]. */
const RED_PROBABILITY = 0.06;
const RED_AFTER_MS = 60_000;
const RED_MS_MIN = 60_000;
const RED_MS_MAX = 180_000;
const SPIN_MS_MIN = 5_000;
const SPIN_MS_MAX = 11_000;

/**
 * Flags and stages.
 *
 *   formation ─▶ green ─▶ caution ─▶ green … ─▶ white ─▶ checkered
 *                           ▲ ▼
 *                           red
 */
export class RaceControl {
  flag: SimFlag = "caution";
  started = false;
  /** Laps that the leader has completed. */
  leaderLap = -1;
  endLap: number;
  chequeredMs: number | undefined;
  paceLeader: CarState | undefined;
  readonly #stageEndLaps: readonly number[];
  readonly #prng: Prng;
  readonly #journal: Journal;
  #stageIndex = 0;
  #nextCautionMs = Number.POSITIVE_INFINITY;
  #restartLap = 0;
  #pitsOpenMs = Number.POSITIVE_INFINITY;
  #overtimeTries = 0;
  #redFromMs = Number.POSITIVE_INFINITY;
  #redUntilMs = Number.POSITIVE_INFINITY;

  constructor(stageEndLaps: readonly number[], endLap: number, prng: Prng, journal: Journal) {
    this.#stageEndLaps = stageEndLaps;
    this.endLap = endLap;
    this.#prng = prng;
    this.#journal = journal;
  }

  /** Under yellow or red. */
  get underCaution(): boolean {
    return this.flag === "caution" || this.flag === "red";
  }

  /** Once per 100 ms. */
  update(nowMs: number, cars: readonly CarState[]): void {
    this.paceLeader = leaderInTraffic(cars);
    if (this.flag === "green" && nowMs >= this.#nextCautionMs) this.#throwIncident(nowMs, cars);
    if (this.flag === "caution" && nowMs >= this.#redFromMs) this.#stopRace(nowMs);
    if (this.flag === "red" && nowMs >= this.#redUntilMs) this.#resumeBehindPaceCar(nowMs);
    if (this.flag === "caution" && nowMs >= this.#pitsOpenMs) {
      this.#pitsOpenMs = Number.POSITIVE_INFINITY;
      for (const car of cars) {
        decideUnderCaution(car, { underCaution: true, lapsToEnd: this.endLap - Math.max(0, this.leaderLap) });
      }
    }
  }

  /** A car has completed a lap. */
  onLine(car: CarState, lapNumber: number, timeMs: number, cars: readonly CarState[]): void {
    if (lapNumber > this.leaderLap) {
      this.leaderLap = lapNumber;
      this.#onLeaderLap(lapNumber, timeMs);
    }
    if (this.flag === "caution" && this.started && car === this.paceLeader && lapNumber >= this.#restartLap) {
      const isOverdue = lapNumber >= this.#restartLap + RESTART_DELAY_LAPS_MAX;
      if (isOverdue || isBunched(cars)) this.#restart(lapNumber, timeMs);
    }
  }

  /** A stranded car brings out the yellow. */
  throwCaution(timeMs: number): void {
    if (this.flag !== "green" || this.#overtimeTries >= OVERTIME_TRIES_MAX) return;
    this.#raise("caution", timeMs);
    this.#restartLap = this.leaderLap + this.#prng.integer(CAUTION_LAPS_MIN, CAUTION_LAPS_MAX);
    this.#pitsOpenMs = timeMs + PITS_OPEN_AFTER_MS;
  }

  #onLeaderLap(lapNumber: number, timeMs: number): void {
    if (!this.started) {
      this.started = true;
      this.#journal.event({ type: "raceStarted", timeMs });
      this.#raise("green", timeMs);
      const waitMs = FIRST_CAUTION_MS_MIN + this.#prng.exponential(FIRST_CAUTION_MS_MEAN);
      this.#nextCautionMs = timeMs + Math.min(FIRST_CAUTION_MS_MAX, waitMs);
      return;
    }
    if (this.flag !== "caution" && lapNumber >= this.endLap) {
      this.#journal.event({ type: "stageEnded", timeMs, stageNumber: this.#stageEndLaps.length });
      this.#raise("checkered", timeMs);
      this.chequeredMs = timeMs;
      return;
    }
    const isLastStage = this.#stageIndex >= this.#stageEndLaps.length - 1;
    if (!isLastStage && lapNumber === this.#stageEndLaps[this.#stageIndex]) {
      this.#stageIndex++;
      this.#journal.event({ type: "stageEnded", timeMs, stageNumber: this.#stageIndex });
      this.throwCaution(timeMs);
    }
    if (this.flag === "green" && lapNumber === this.endLap - 1) this.#raise("white", timeMs);
  }

  #stopRace(nowMs: number): void {
    this.#redFromMs = Number.POSITIVE_INFINITY;
    this.#redUntilMs = nowMs + this.#prng.uniform(RED_MS_MIN, RED_MS_MAX);
    this.#raise("red", nowMs);
  }

  #resumeBehindPaceCar(nowMs: number): void {
    this.#raise("caution", nowMs);
    this.#restartLap = Math.max(this.#restartLap, this.leaderLap + 2);
  }

  #restart(lapNumber: number, timeMs: number): void {
    if (this.endLap - lapNumber < OVERTIME_LAPS) {
      this.endLap = lapNumber + OVERTIME_LAPS;
      this.#overtimeTries++;
    }
    this.#raise("green", timeMs);
    const waitMs = NEXT_CAUTION_MS_MIN + this.#prng.exponential(NEXT_CAUTION_MS_MEAN);
    this.#nextCautionMs = timeMs + waitMs;
  }

  #throwIncident(nowMs: number, cars: readonly CarState[]): void {
    const racing = cars.filter((car) => car.phase === "racing" && !car.pitIntended);
    if (racing.length > 0 && this.#prng.chance(0.7)) {
      const car = this.#prng.pick(racing);
      const towed = racing.length > 3 && this.#prng.chance(0.15);
      car.phase = towed ? "rolling" : "spinning";
      car.spinUntilMs = nowMs + this.#prng.uniform(SPIN_MS_MIN, SPIN_MS_MAX);
      const text = towed ? "Contact with the wall" : "Spin";
      this.#journal.event({ type: "incident", timeMs: nowMs, car: car.entry.car, text, towed });
    }
    this.throwCaution(nowMs);
    if (this.#prng.chance(RED_PROBABILITY)) this.#redFromMs = nowMs + RED_AFTER_MS;
    this.#nextCautionMs = Number.POSITIVE_INFINITY;
  }

  #raise(flag: SimFlag, timeMs: number): void {
    this.flag = flag;
    this.#journal.event({ type: "flagChanged", timeMs, flag });
  }
}

function leaderInTraffic(cars: readonly CarState[]): CarState | undefined {
  let leader: CarState | undefined;
  for (const car of cars) {
    if (!car.isInTraffic) continue;
    const isAhead =
      leader === undefined ||
      car.lapIndex > leader.lapIndex ||
      (car.lapIndex === leader.lapIndex && car.positionM > leader.positionM);
    if (isAhead) leader = car;
  }
  return leader;
}

/** Nobody on pit road, and hardly anybody still catching up (the leader has nobody close ahead). */
function isBunched(cars: readonly CarState[]): boolean {
  let apart = 0;
  for (const car of cars) {
    if (car.isOnPitRoad) return false;
    if (car.phase === "racing" && car.gapM > BUNCHED_GAP_M) apart++;
  }
  return apart <= 2;
}
