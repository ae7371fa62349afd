import { create, FlagState, STATUS_ON_PIT_ROAD, type TelemetryFrame, TelemetryFrameSchema } from "@burnline/contract";
import {
  BurnModel,
  burnWindowAggregator,
  DEFAULT_PROFILE_ID,
  FEATURE_NAMES,
  fillBurn,
  findCarProfile,
  type RegimeChange,
  reduceFlag,
  SampleColumns,
  type WindowAccumulator,
} from "@burnline/fuel";
import { RaceSim, type SimCarColumns, type SimEvent, type SimStep, STEP_MS } from "@burnline/racesim";
import { assert, Prng } from "@burnline/std";

export interface RaceSpec {
  readonly set: "train" | "test";
  readonly trackId: string;
  readonly seed: number;
  readonly laps: number;
  readonly cars: number;
  readonly sampleRateHz: number;
  /** Only every n-th window of a car becomes a row. */
  readonly stride: number;
}

/** Beside the features: what physics says, what is true, and what the rows are grouped by. */
export const ROW_COLUMNS = [...FEATURE_NAMES, "physicsUg", "truthUg", "carIndex", "lapNumber", "startMs"] as const;

/** Aligned to a whole second, so that a step of 100 ms never crosses the edge of a window. */
const START_MS = 1_750_000_000_000;
const WINDOW_MS = 1_000;

// Real telemetry has holes: in one window of twenty each 100 ms frame is lost with even odds.
const HOLED_WINDOW_PROBABILITY = 0.05;
const LOST_FRAME_PROBABILITY = 0.5;

interface OpenRow {
  readonly acc: WindowAccumulator;
  readonly carIndex: number;
  readonly isHoled: boolean;
}

/** One simulated race as rows of numbers. The truth only ever meets the estimate here, after both are made. */
export class RaceRows {
  readonly #spec: RaceSpec;
  readonly #sim: RaceSim;
  readonly #physics: BurnModel;
  readonly #columns = new SampleColumns();
  readonly #prng: Prng;
  readonly #carIndex = new Map<string, number>();
  readonly #truthUg = new Map<string, number>();
  readonly #open = new Map<string, OpenRow>();
  #regimes: RegimeChange[] = [];
  #flag: FlagState = FlagState.UNSPECIFIED;

  constructor(spec: RaceSpec) {
    const { seed, trackId, cars, sampleRateHz, laps } = spec;
    const profile = findCarProfile(DEFAULT_PROFILE_ID);
    assert(profile !== undefined, `no car profile ${DEFAULT_PROFILE_ID}`);
    this.#spec = spec;
    this.#sim = new RaceSim({ seed, trackId, cars, sampleRateHz, laps, startMs: START_MS, truthWindows: true });
    this.#physics = new BurnModel(profile);
    this.#prng = new Prng(seed + 1);
    for (const [index, entry] of this.#sim.entries.entries()) this.#carIndex.set(entry.car, index);
  }

  /** Rows, one simulated second at a time. */
  *chunks(): Generator<Float64Array> {
    for (let step = this.#sim.step(); step !== undefined; step = this.#sim.step()) {
      // The truth of a second comes with the first step after it; that of the race's last second never comes.
      this.#takeTruth(step);
      if ((step.timeMs - STEP_MS) % WINDOW_MS === 0) yield this.#closeWindows();
      for (const event of step.events) this.#applyEvent(event);
      for (const car of step.cars) this.#addFrame(car);
    }
  }

  #applyEvent(event: SimEvent): void {
    if (event.type !== "flagChanged") return;
    const flag = FLAGS[event.flag];
    const track = { greenLapMs: this.#sim.track.greenLapS * 1000 };
    const changes = reduceFlag(this.#flag, { flag, fromMs: event.timeMs }, track);
    this.#flag = flag;
    if (changes.length === 0) return;
    this.#regimes = [...this.#regimes.filter((change) => change.fromMs < event.timeMs), ...changes];
  }

  #addFrame(car: SimCarColumns): void {
    const firstMs = car.eventTimeMs[0] ?? START_MS;
    const row = this.#openRow(car.car, firstMs - (firstMs % WINDOW_MS));
    if (row.isHoled && this.#prng.chance(LOST_FRAME_PROBABILITY)) return;
    this.#columns.load(toFrame(car));
    for (let index = 0; index < this.#columns.count; index++) {
      this.#columns.regime[index] = this.#regimeAt(this.#columns.eventTimeMs[index] ?? firstMs);
    }
    fillBurn(this.#physics, this.#columns);
    burnWindowAggregator.add(row.acc, this.#columns, 0, this.#columns.count);
  }

  #openRow(car: string, startMs: number): OpenRow {
    const known = this.#open.get(car);
    if (known !== undefined) return known;
    const row = {
      acc: burnWindowAggregator.create(startMs, startMs + WINDOW_MS),
      carIndex: this.#carIndex.get(car) ?? -1,
      isHoled: this.#prng.chance(HOLED_WINDOW_PROBABILITY),
    };
    this.#open.set(car, row);
    return row;
  }

  #regimeAt(timeMs: number): number {
    return this.#regimes.findLast((change) => change.fromMs <= timeMs)?.regime ?? 0;
  }

  #takeTruth(step: SimStep): void {
    for (const record of step.truth) {
      if (record.type === "window")
        this.#truthUg.set(`${record.car}:${record.startMs}`, Math.round(record.burnKg * 1e9));
    }
  }

  /** The rows of the second that just ended. */
  #closeWindows(): Float64Array {
    const rows: number[] = [];
    for (const [car, row] of this.#open) {
      const { startMs, endMs } = row.acc;
      const truthUg = this.#truthUg.get(`${car}:${startMs}`);
      const isWanted = (startMs / WINDOW_MS + row.carIndex) % this.#spec.stride === 0;
      if (truthUg === undefined || !isWanted) continue;
      const window = burnWindowAggregator.toBurnWindow(row.acc);
      if (window.features.length === 0) continue;
      // Truth is of the whole second. Physics of a window with holes is of its samples: the truth of the rest is unknown.
      const share = row.acc.coveredUs / ((endMs - startMs) * 1000);
      rows.push(...window.features, window.burnUg / share, truthUg, row.carIndex, window.lapNumber, startMs);
    }
    this.#open.clear();
    this.#truthUg.clear();
    return Float64Array.from(rows);
  }
}

const FLAGS: Record<Extract<SimEvent, { type: "flagChanged" }>["flag"], FlagState> = {
  green: FlagState.GREEN,
  caution: FlagState.CAUTION,
  red: FlagState.RED,
  white: FlagState.WHITE,
  checkered: FlagState.CHECKERED,
};

/** The same whole numbers that ingest puts into a frame. */
function toFrame(car: SimCarColumns): TelemetryFrame {
  const whole = (column: ArrayLike<number>, unit: number) =>
    Array.from({ length: car.count }, (_, index) => Math.round((column[index] ?? 0) * unit));
  const eventTimeMs = car.eventTimeMs[0] ?? 0;
  return create(TelemetryFrameSchema, {
    car: car.car,
    eventTimeMs,
    sampleRateHz: car.sampleRateHz,
    offsetMs: Array.from({ length: car.count }, (_, index) => (car.eventTimeMs[index] ?? 0) - eventTimeMs),
    throttleBasisPoints: whole(car.throttle, 10_000),
    rpmTenths: whole(car.rpm, 10),
    speedMmPerS: whole(car.speedMps, 1000),
    lapPositionPpm: whole(car.lapPosition, 1_000_000),
    lapNumber: whole(car.lapNumber, 1),
    brakeBasisPoints: whole(car.brake, 10_000),
    gear: whole(car.gear, 1),
    statusBits: Array.from({ length: car.count }, (_, index) => (car.onPitRoad[index] === 1 ? STATUS_ON_PIT_ROAD : 0)),
    gapAheadDm: whole(car.gapAheadM, 10),
  });
}
