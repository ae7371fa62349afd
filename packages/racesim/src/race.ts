import { assert, Prng } from "@burnline/std";
import { CarState } from "./car-state.ts";
import { drawCarTruth } from "./car-truth.ts";
import { driveCar, type RoadConditions, rollCar } from "./driver.ts";
import { type Ambient, NOMINAL_AMBIENT } from "./engine.ts";
import { EngineTable } from "./engine-table.ts";
import { CARS_MAX, drawEntries, type SimEntry } from "./entries.ts";
import type { SimEvent } from "./events.ts";
import { FuelBook } from "./fuel-book.ts";
import { Journal } from "./journal.ts";
import { ordersFor, type RaceScene } from "./orders.ts";
import { PitRoad } from "./pit-road.ts";
import { RaceControl } from "./race-control.ts";
import { CarSampler, noiseTable, type SimCarColumns } from "./sampler.ts";
import { speedProfile } from "./speed-profile.ts";
import { decideAtLine, GAMBLE_LAPS_MAX, GAMBLER_SHARE, SAVING_AT_START_PROBABILITY, startSaving } from "./strategy.ts";
import { findTrackSpec, MPS_PER_MPH, scaledStageEnds, type Track, type TrackSpec, toTrack } from "./track.ts";
import { decidePass, Traffic } from "./traffic.ts";
import type { TruthRecord } from "./truth.ts";

export interface RaceSimOptions {
  /** Same options, same bytes. */
  readonly seed: number;
  /** One of TRACK_IDS. */
  readonly trackId: string;
  /** 1..40 */
  readonly cars: number;
  /** 10..120 */
  readonly sampleRateHz: number;
  /** Event time of the first sample, whole ms. */
  readonly startMs: number;
  /** Race distance; the track's own when absent. Stages keep their shares. */
  readonly laps?: number;
  /** Also write the burn of every second into the truth. */
  readonly truthWindows?: boolean;
}

/** 100 ms of the race: samples and events with startMs <= event time < timeMs, where timeMs is the end of the step. */
export interface SimStep {
  readonly timeMs: number;
  /** Cars that sent something. The columns are reused by the next step. */
  readonly cars: readonly SimCarColumns[];
  readonly events: readonly SimEvent[];
  /** For a truth sink only. */
  readonly truth: readonly TruthRecord[];
}

export const STEP_MS = 100;
const SUBSTEP_MS = 25;
const SUBSTEP_S = SUBSTEP_MS / 1000;
export const SAMPLE_RATE_HZ_MIN = 10;
export const SAMPLE_RATE_HZ_MAX = 120;
const FORMATION_MS = 5_000;
const GRID_SPACING_M = 7;
/** A parked car goes on sending for this long. */
const PARKED_SENDS_MS = 60_000;
/** The last of the fuel reaches the pickup in gulps. */
const STARVING_UG = 0.25e9;
const COOL_DOWN_MS = 8_000;
/** The simulation ends at the latest this long after the chequered flag. */
const FINISH_MS_MAX = 240_000;
const GAS_CONSTANT_AIR_J_PER_KG_K = 287;

/** A seeded race. Advance it with `step` until it returns undefined. */
export class RaceSim {
  readonly entries: readonly SimEntry[];
  readonly track: Track;
  readonly scheduledLaps: number;
  readonly stageEndLaps: readonly number[];
  readonly #options: RaceSimOptions;
  readonly #cars: CarState[] = [];
  readonly #samplers: CarSampler[] = [];
  readonly #parkedAtMs: number[] = [];
  readonly #journal = new Journal();
  readonly #control: RaceControl;
  readonly #traffic: Traffic;
  readonly #pitRoad: PitRoad;
  readonly #fuel: FuelBook;
  readonly #road: RoadConditions;
  readonly #paceMps: number;
  readonly #scene: RaceScene;
  #elapsedMs = 0;
  #nextSample = 0;
  #overAtMs = Number.POSITIVE_INFINITY;

  constructor(options: RaceSimOptions) {
    const spec = findTrackSpec(options.trackId);
    assert(spec !== undefined, `no track ${options.trackId}`);
    assert(Number.isInteger(options.cars) && options.cars >= 1 && options.cars <= CARS_MAX, "cars must be 1..40");
    assert(options.sampleRateHz >= SAMPLE_RATE_HZ_MIN && options.sampleRateHz <= SAMPLE_RATE_HZ_MAX, "rate 10..120 Hz");
    assert(Number.isSafeInteger(options.startMs), "startMs must be whole ms");
    assert(
      options.laps === undefined || (Number.isInteger(options.laps) && options.laps >= 1),
      "laps must be 1 or more",
    );
    this.#options = options;
    const prng = new Prng(options.seed);
    this.entries = drawEntries(prng.fork(1), options.cars);
    this.track = toTrack(spec);
    this.scheduledLaps = options.laps ?? spec.laps.value;
    this.stageEndLaps = scaledStageEnds(spec, this.scheduledLaps);
    this.#paceMps = spec.paceMph.value * MPS_PER_MPH;
    const weather = prng.fork(2);
    const ambient = { ...NOMINAL_AMBIENT, pressurePa: NOMINAL_AMBIENT.pressurePa * weather.normal(1, 0.01) };
    this.#road = roadConditions(spec, ambient, weather);
    this.#traffic = new Traffic(this.track.lengthM);
    this.#pitRoad = new PitRoad(spec, this.track.lengthM, this.#journal);
    this.#control = new RaceControl(this.stageEndLaps, this.scheduledLaps, prng.fork(3), this.#journal);
    this.#scene = {
      control: this.#control,
      pitRoad: this.#pitRoad,
      paceMps: this.#paceMps,
      lengthM: this.track.lengthM,
    };
    this.#fuel = new FuelBook(this.#journal, options.truthWindows ?? false);
    this.#buildCars(ambient, prng);
    this.#journal.event({ type: "flagChanged", timeMs: options.startMs, flag: "caution" });
  }

  /** The next 100 ms, or undefined when the race is over. */
  step(): SimStep | undefined {
    const nowMs = this.#options.startMs + this.#elapsedMs;
    if (nowMs >= this.#overAtMs) return undefined;
    this.#control.update(nowMs, this.#cars);
    this.#traffic.update(this.#cars);
    for (const car of this.#cars) {
      decidePass(car, nowMs, STEP_MS);
      car.wander = 0.97 * car.wander + car.prng.normal(0, car.style.wander);
      car.isStarved = car.levelUg < STARVING_UG && car.prng.chance(0.35);
      car.foot = 0.7 * car.foot + car.prng.normal(0, car.style.foot);
    }
    for (const sampler of this.#samplers) sampler.count = 0;
    for (let part = 0; part < STEP_MS / SUBSTEP_MS; part++) this.#substep(nowMs + part * SUBSTEP_MS);
    this.#elapsedMs += STEP_MS;
    this.#checkOver(nowMs + STEP_MS);
    return {
      timeMs: nowMs + STEP_MS,
      cars: this.#samplers.filter((sampler) => sampler.count > 0),
      events: this.#journal.takeEvents(),
      truth: this.#journal.takeTruth(),
    };
  }

  #buildCars(ambient: Ambient, prng: Prng): void {
    const { startMs, sampleRateHz } = this.#options;
    const noise = noiseTable(prng.fork(4));
    const capacity = Math.ceil((sampleRateHz * STEP_MS) / 1000) + 1;
    this.entries.forEach((entry, index) => {
      const carPrng = prng.fork(100 + index);
      const truth = drawCarTruth(carPrng, entry.manufacturer);
      const car = new CarState({
        index,
        entry,
        truth,
        engine: new EngineTable(truth.build, ambient),
        style: {
          cornerPace: carPrng.normal(1, 0.005) - 0.0001 * index,
          patienceS: carPrng.uniform(1, 5),
          wander: carPrng.uniform(0.0003, 0.0009),
          foot: carPrng.uniform(0.01, 0.04),
          nerveLaps: carPrng.chance(GAMBLER_SHARE) ? carPrng.uniform(0.5, GAMBLE_LAPS_MAX) : 0,
        },
        prng: carPrng,
        positionM: this.track.lengthM - (this.#paceMps * FORMATION_MS) / 1000 - index * GRID_SPACING_M,
        speedMps: this.#paceMps,
        startMs,
        expectedBurnKgPerLap: this.track.greenBurnKgPerLap,
      });
      if (carPrng.chance(SAVING_AT_START_PROBABILITY)) startSaving(car, 0);
      this.#cars.push(car);
      this.#samplers.push(new CarSampler(car, this.track.lengthM, sampleRateHz, capacity, noise, carPrng.fork(5)));
      this.#parkedAtMs.push(Number.POSITIVE_INFINITY);
      this.#fuel.introduce(car, startMs);
    });
  }

  #substep(nowMs: number): void {
    const { startMs, sampleRateHz } = this.#options;
    for (const [index, car] of this.#cars.entries()) {
      this.#samplers[index]?.remember();
      this.#moveCar(car, nowMs);
      if (car.phase === "parked") this.#parkedAtMs[index] = Math.min(this.#parkedAtMs[index] ?? 0, nowMs);
    }
    for (;;) {
      const sampleMs = startMs + Math.round((this.#nextSample * 1000) / sampleRateHz);
      if (sampleMs >= nowMs + SUBSTEP_MS) return;
      this.#nextSample++;
      const share = (sampleMs - nowMs) / SUBSTEP_MS;
      for (const [index, sampler] of this.#samplers.entries()) {
        if (nowMs - (this.#parkedAtMs[index] ?? 0) < PARKED_SENDS_MS) sampler.sample(sampleMs, share);
      }
    }
  }

  #moveCar(car: CarState, nowMs: number): void {
    this.#traffic.measureGap(car);
    const fromM = car.positionM;
    if (car.phase === "inBox") this.#pitRoad.serveCar(car, nowMs);
    else if (car.phase === "rolling") this.#roll(car, nowMs);
    else if (car.phase !== "parked") driveCar(car, this.#road, ordersFor(car, this.#scene, nowMs), nowMs, SUBSTEP_S);
    const isDry = this.#fuel.bookStep(car, SUBSTEP_S, nowMs, this.#control.underCaution);
    if (isDry && car.phase === "inBox") car.rpm = 0;
    else if (isDry && car.phase !== "rolling" && car.phase !== "parked") this.#runDry(car, nowMs);
    const lapsToEnd = this.#control.endLap - Math.max(0, this.#control.leaderLap);
    this.#pitRoad.followCar(car, fromM, nowMs, lapsToEnd);
    if (car.positionM >= this.track.lengthM) this.#crossLine(car, fromM, nowMs);
  }

  #roll(car: CarState, nowMs: number): void {
    rollCar(car, this.#road, SUBSTEP_S);
    if (car.speedMps > 0) return;
    car.phase = "parked";
    this.#control.throwCaution(nowMs);
  }

  #runDry(car: CarState, nowMs: number): void {
    car.phase = "rolling";
    this.#journal.truth({ type: "runOut", timeMs: nowMs, car: car.entry.car, lapNumber: car.lapNumber });
    this.#journal.event({ type: "incident", timeMs: nowMs, car: car.entry.car, text: "Out of fuel", towed: true });
  }

  #crossLine(car: CarState, fromM: number, nowMs: number): void {
    const { lengthM } = this.track;
    const share = (lengthM - fromM) / (car.positionM - fromM);
    const timeMs = Math.floor(nowMs + share * SUBSTEP_MS);
    car.positionM -= lengthM;
    const lapNumber = car.lapNumber;
    // The cool-down lap is nobody's lap any more.
    if (car.phase === "finished" || (this.#control.chequeredMs !== undefined && lapNumber > this.#control.endLap)) {
      car.lapIndex++;
      if (car.phase === "racing") car.phase = "finished";
      return;
    }
    const wasGreen = car.cautionMs === 0 && car.pitRoadMs === 0;
    const view = { underCaution: this.#control.underCaution, lapsToEnd: this.#control.endLap - lapNumber };
    decideAtLine(car, view, wasGreen && lapNumber > 0);
    this.#fuel.closeLap(car, timeMs, share);
    car.lapIndex++;
    this.#journal.event({ type: "lapCompleted", timeMs, car: car.entry.car, lapNumber });
    this.#control.onLine(car, lapNumber, timeMs, this.#cars);
    if (this.#control.chequeredMs !== undefined && car.phase === "racing") {
      car.phase = "finished";
      car.pitIntended = false;
    }
  }

  #checkOver(nowMs: number): void {
    const { chequeredMs } = this.#control;
    const isDone = (car: CarState) => car.phase === "finished" || car.phase === "parked";
    const isEmpty = this.#cars.every((car) => car.phase === "parked");
    const allDone = (chequeredMs !== undefined && this.#cars.every(isDone)) || isEmpty;
    if (allDone) this.#overAtMs = Math.min(this.#overAtMs, nowMs + COOL_DOWN_MS);
    if (chequeredMs !== undefined) this.#overAtMs = Math.min(this.#overAtMs, chequeredMs + FINISH_MS_MAX);
  }
}

function roadConditions(spec: TrackSpec, ambient: Ambient, weather: Prng): RoadConditions {
  const windRad = weather.uniform(0, 2 * Math.PI);
  return {
    profile: speedProfile(spec),
    calibration: spec.calibration,
    airDensityKgPerM3: ambient.pressurePa / (GAS_CONSTANT_AIR_J_PER_KG_K * ambient.temperatureK),
    draftShare: 0.28 * spec.draftSensitivity,
    windMps: Math.abs(weather.normal(0, 2)),
    windCos: Math.cos(windRad),
    windSin: Math.sin(windRad),
  };
}
