import type { CarState, PitStop } from "./car-state.ts";
import { idleCar, type Orders } from "./driver.ts";
import type { Journal } from "./journal.ts";
import { LITRES_PER_GALLON, MPS_PER_MPH, type TrackSpec } from "./track.ts";

const APPROACH_M = 600;
const APPROACH_BRAKE_MPS2 = 3.5;
const BOX_BRAKE_MPS2 = 3;
const BOX_SPACING_M = 7.5;
const BOX_REACHED_M = 0.4;
/** 12 gallons when brimmed, 1 second to plug in each. Source: fuel.md 1.2 [S]. */
const CAN_LITRES = 11.5 * LITRES_PER_GALLON;
const CAN_DEAD_TIME_S = 1;
/** 1.2 to 1.85 gal/s. Source: fuel.md 1.2 [S]. */
const FLOW_GAL_PER_S_MIN = 1.3;
const FLOW_GAL_PER_S_MAX = 1.75;
const TYRES_S = 10.2;
/** Cans are weighed to about 0.15 gal. Source: fuel.md 2.6 [S/I]. */
const REPORT_ERROR_LITRES = 0.57;
const UNKNOWN_AMOUNT_PROBABILITY = 0.25;
const SHORT_FILL_PROBABILITY = 0.12;

/** Where a stop happens and how long it takes. Positions in metres from the line. */
export class PitRoad {
  readonly speedMaxMps: number;
  readonly #entryM: number;
  readonly #exitM: number;
  readonly #lengthM: number;
  readonly #journal: Journal;

  constructor(spec: TrackSpec, lengthM: number, journal: Journal) {
    this.speedMaxMps = spec.pitRoadLimitMph.value * MPS_PER_MPH - 0.5;
    this.#entryM = spec.pitEntryShare * lengthM;
    this.#exitM = spec.pitExitShare * lengthM;
    this.#lengthM = lengthM;
    this.#journal = journal;
  }

  /** The speed that the way to pit road, the limit on it and the car's own box allow. */
  limitOrders(car: CarState, orders: Orders): number {
    if (car.phase === "pitOut") return Math.min(orders.speedMaxMps, this.speedMaxMps);
    if (car.phase === "pitIn") {
      const boxSpeed = Math.sqrt(2 * BOX_BRAKE_MPS2 * this.#wayToBoxM(car)) + 0.3;
      return Math.min(orders.speedMaxMps, this.speedMaxMps, boxSpeed);
    }
    if (!car.pitIntended) return orders.speedMaxMps;
    const wayM = this.#entryM - car.positionM;
    if (wayM < 0 || wayM > APPROACH_M) return orders.speedMaxMps;
    return Math.min(orders.speedMaxMps, Math.sqrt(this.speedMaxMps ** 2 + 2 * APPROACH_BRAKE_MPS2 * wayM));
  }

  /** After the car has moved: has it passed the entry, its box or the exit? */
  followCar(car: CarState, fromM: number, timeMs: number, lapsToEnd: number): void {
    const number = car.entry.car;
    if (car.phase === "racing" && car.pitIntended && passed(fromM, car.positionM, this.#entryM)) {
      car.phase = "pitIn";
      this.#journal.event({ type: "pitRoadEntered", timeMs, car: number });
    } else if (car.phase === "pitIn" && this.#wayToBoxM(car) < BOX_REACHED_M) {
      car.phase = "inBox";
      idleCar(car);
      car.pitStop = planStop(car, timeMs, lapsToEnd);
      this.#journal.event({ type: "boxStopped", timeMs, car: number });
    } else if (car.phase === "pitOut" && passed(fromM, car.positionM, this.#exitM)) {
      car.phase = "racing";
      this.#journal.event({ type: "pitRoadLeft", timeMs, car: number });
    }
  }

  /** While the car stands in its box; puts the fuel in and sends it off when the stop is over. */
  serveCar(car: CarState, timeMs: number): void {
    const stop = car.pitStop;
    if (stop === undefined || timeMs < stop.endMs) return;
    const roomUg = car.capacityUg - car.levelUg;
    const { full } = stop;
    const fillUg = full ? roomUg : Math.min(stop.fillUg, roomUg);
    car.levelUg += fillUg;
    car.totalFilledUg += fillUg;
    const litres = fillUg / 1e9 / car.truth.fuelKgPerLitre;
    const isUnknown = full && car.prng.chance(UNKNOWN_AMOUNT_PROBABILITY);
    const reported = Math.max(0.1, Math.round(car.prng.normal(litres, REPORT_ERROR_LITRES) * 10) / 10);
    this.#journal.event({ type: "fuelFilled", timeMs, car: car.entry.car, litres: isUnknown ? 0 : reported, full });
    this.#journal.event({ type: "boxLeft", timeMs, car: car.entry.car });
    this.#journal.truth({
      type: "fill",
      timeMs,
      car: car.entry.car,
      filledKg: fillUg / 1e9,
      filledLitres: litres,
      full,
      levelKg: car.levelUg / 1e9,
      totalBurnKg: car.totalBurnUg / 1e9,
    });
    car.pitStop = undefined;
    car.pitIntended = false;
    car.lastStopLap = car.lapNumber;
    car.savingLevel = 0;
    car.phase = "pitOut";
  }

  /** Boxes lie on both sides of the line; 0 once the car has reached or passed its own. */
  #wayToBoxM(car: CarState): number {
    const boxM = (car.index - 20) * BOX_SPACING_M;
    let wayM = boxM - car.positionM;
    if (wayM < -this.#lengthM / 2) wayM += this.#lengthM;
    return Math.max(0, wayM);
  }
}

function passed(fromM: number, toM: number, markM: number): boolean {
  return fromM < markM && toM >= markM;
}

/** How much to fill and how long that and the tyres take. */
function planStop(car: CarState, timeMs: number, lapsToEnd: number): PitStop {
  const { prng, truth } = car;
  const roomUg = car.capacityUg - car.levelUg;
  const neededUg = Math.max(0, (lapsToEnd + 1.5) * car.teamBurnKgPerLap * 1e9 - car.levelUg);
  let fillUg = roomUg;
  if (neededUg < 0.9 * roomUg) fillUg = neededUg;
  else if (prng.chance(SHORT_FILL_PROBABILITY)) fillUg = Math.round(roomUg * prng.uniform(0.5, 0.85));
  fillUg = Math.round(Math.max(fillUg, Math.min(roomUg, 2e9)));
  const litres = fillUg / 1e9 / truth.fuelKgPerLitre;
  const flowLitresPerS = prng.uniform(FLOW_GAL_PER_S_MIN, FLOW_GAL_PER_S_MAX) * LITRES_PER_GALLON;
  const fuelS = CAN_DEAD_TIME_S * Math.ceil(litres / CAN_LITRES) + litres / flowLitresPerS;
  const isSplash = fillUg < 0.35 * car.capacityUg;
  const tyresS = isSplash ? 0 : Math.max(9, prng.normal(TYRES_S, 0.6));
  const stopS = Math.max(fuelS, tyresS) + prng.uniform(0.2, 0.7);
  return { endMs: timeMs + Math.round(stopS * 1000), fillUg, full: fillUg === roomUg };
}
