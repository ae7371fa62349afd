import type { CarState } from "./car-state.ts";

const CAR_LENGTH_M = 4.95;
/** Cars further away than this do not matter to each other. */
const SIGHT_M = 250;
/** A faster driver cannot do what he could within this gap. */
const HELD_UP_M = 18;
const PASS_MS = 5_000;

/** Who follows whom on the racing surface. Order by place on the lap, kept sorted between calls. */
export class Traffic {
  readonly #lengthM: number;
  readonly #order: CarState[] = [];

  constructor(lengthM: number) {
    this.#lengthM = lengthM;
  }

  /** Rebuilds who is ahead of whom; called once per 100 ms. */
  update(cars: readonly CarState[]): void {
    const order = this.#order;
    order.length = 0;
    for (const car of cars) {
      car.ahead = undefined;
      if (car.isInTraffic) order.push(car);
    }
    order.sort((a, b) => a.positionM - b.positionM || a.index - b.index);
    if (order.length < 2) return;
    for (let at = 0; at < order.length; at++) {
      const car = order[at];
      if (car !== undefined) car.ahead = order[(at + 1) % order.length];
    }
  }

  /** Nose to tail; Infinity when nobody is in sight. Negative while side by side. */
  measureGap(car: CarState): void {
    const { ahead } = car;
    if (ahead === undefined || !ahead.isInTraffic) {
      car.gapM = Number.POSITIVE_INFINITY;
      return;
    }
    let wayM = ahead.positionM - car.positionM;
    if (wayM < -this.#lengthM / 2) wayM += this.#lengthM;
    car.gapM = wayM > SIGHT_M ? Number.POSITIVE_INFINITY : wayM - CAR_LENGTH_M;
  }
}

/** The speed that keeps the wanted gap; Infinity when free. */
export function followingSpeedMps(car: CarState, wantedGapM: number, reactionS: number): number {
  const { ahead } = car;
  if (ahead === undefined || car.gapM > 120 || car.gapM < -CAR_LENGTH_M) return Number.POSITIVE_INFINITY;
  return Math.max(0, ahead.speedMps + (car.gapM - wantedGapM) / reactionS);
}

/** After being held up for as long as the driver bears it, he goes past; a driver who saves in the tow does not try. */
export function decidePass(car: CarState, nowMs: number, elapsedMs: number): void {
  if (nowMs < car.passingUntilMs) return;
  const isHeldUp = car.gapM < HELD_UP_M && car.gapM > -CAR_LENGTH_M && !car.savesByDrafting;
  car.heldUpMs = isHeldUp ? car.heldUpMs + elapsedMs : 0;
  if (car.heldUpMs < car.style.patienceS * 1000) return;
  car.heldUpMs = 0;
  car.passingUntilMs = nowMs + PASS_MS;
}
