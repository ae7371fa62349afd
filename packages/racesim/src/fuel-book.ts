import type { CarState } from "./car-state.ts";
import type { Journal } from "./journal.ts";

const WINDOW_MS = 1000;

/** Books every microgram: level = start + filled - burned holds exactly, because all four are whole numbers. */
export class FuelBook {
  readonly #journal: Journal;
  readonly #withWindows: boolean;
  readonly #stepBurnUg: number[] = [];
  readonly #windowStartMs: number[] = [];

  constructor(journal: Journal, withWindows: boolean) {
    this.#journal = journal;
    this.#withWindows = withWindows;
  }

  introduce(car: CarState, timeMs: number): void {
    this.#stepBurnUg[car.index] = 0;
    this.#windowStartMs[car.index] = Math.floor(timeMs / WINDOW_MS) * WINDOW_MS;
    const { truth } = car;
    this.#journal.truth({
      type: "car",
      timeMs,
      car: car.entry.car,
      startFuelKg: car.levelUg / 1e9,
      usableFuelLitres: truth.usableFuelLitres,
      fuelKgPerLitre: truth.fuelKgPerLitre,
      airScale: truth.build.throttleAreaScale,
      indicatedEfficiency: truth.build.indicatedEfficiency,
      frictionScale: truth.build.frictionScale,
      fullLoadLambda: truth.build.fullLoadLambda,
      overrunCutShare: truth.overrunCutShare,
      throttleGain: truth.throttleGain,
      throttleOffset: truth.throttleOffset,
    });
  }

  /** Takes the burn of one step out of the tank. True when the tank is dry. */
  bookStep(car: CarState, stepS: number, nowMs: number, underCaution: boolean): boolean {
    if (this.#withWindows) this.#rollWindow(car, nowMs);
    const burnUg = Math.min(car.levelUg, Math.round(car.burnKgPerS * stepS * 1e9));
    this.#stepBurnUg[car.index] = burnUg;
    car.levelUg -= burnUg;
    car.totalBurnUg += burnUg;
    car.lapBurnUg += burnUg;
    car.windowBurnUg += burnUg;
    const stepMs = stepS * 1000;
    if (underCaution) {
      car.cautionMs += stepMs;
      car.cautionBurnUg += burnUg;
    }
    if (car.isOnPitRoad) {
      car.pitRoadMs += stepMs;
      car.pitRoadBurnUg += burnUg;
    }
    car.savingMs += car.savingLevel * stepMs;
    return car.levelUg === 0;
  }

  /** The line was crossed at this share of the step just booked: what burned after it belongs to the next lap. */
  closeLap(car: CarState, timeMs: number, share: number): void {
    const afterUg = Math.round((this.#stepBurnUg[car.index] ?? 0) * (1 - share));
    const burnUg = car.lapBurnUg - afterUg;
    const durationMs = timeMs - car.lapStartMs;
    this.#journal.truth({
      type: "lap",
      timeMs,
      car: car.entry.car,
      lapNumber: car.lapNumber,
      startMs: car.lapStartMs,
      burnKg: burnUg / 1e9,
      levelKg: (car.levelUg + afterUg) / 1e9,
      totalBurnKg: (car.totalBurnUg - afterUg) / 1e9,
      totalFilledKg: car.totalFilledUg / 1e9,
      cautionMs: Math.min(durationMs, car.cautionMs),
      cautionBurnKg: Math.min(burnUg, car.cautionBurnUg) / 1e9,
      pitRoadMs: Math.min(durationMs, car.pitRoadMs),
      pitRoadBurnKg: Math.min(burnUg, car.pitRoadBurnUg) / 1e9,
      savingLevel: Math.min(1, car.savingMs / Math.max(1, durationMs)),
    });
    car.lapBurnUg = afterUg;
    car.lapStartMs = timeMs;
    car.cautionMs = 0;
    car.cautionBurnUg = 0;
    car.pitRoadMs = 0;
    car.pitRoadBurnUg = 0;
    car.savingMs = 0;
  }

  #rollWindow(car: CarState, nowMs: number): void {
    const startMs = Math.floor(nowMs / WINDOW_MS) * WINDOW_MS;
    const previousMs = this.#windowStartMs[car.index] ?? startMs;
    if (startMs === previousMs) return;
    this.#journal.truth({
      type: "window",
      timeMs: startMs,
      car: car.entry.car,
      startMs: previousMs,
      burnKg: car.windowBurnUg / 1e9,
    });
    car.windowBurnUg = 0;
    this.#windowStartMs[car.index] = startMs;
  }
}
