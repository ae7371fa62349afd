import type { Prng } from "@burnline/std";
import type { CarTruth } from "./car-truth.ts";
import type { EngineTable } from "./engine-table.ts";
import type { SimEntry } from "./entries.ts";

/**
 * Where a car is in its life:
 *
 *   racing ─▶ pitIn ─▶ inBox ─▶ pitOut ─▶ racing        pitIn: from pit entry to the box, pitOut: from the box to the exit
 *   racing ─▶ spinning ─▶ racing
 *   racing | pitIn ─▶ rolling ─▶ parked                 rolling: no drive any more; parked: will not move again
 *   racing ─▶ finished                                  over the line after the chequered flag
 */
export type CarPhase = "racing" | "pitIn" | "inBox" | "pitOut" | "spinning" | "rolling" | "parked" | "finished";

export interface DriverStyle {
  /** Scales the speed at which the driver takes corners. */
  readonly cornerPace: number;
  /** Seconds held up before a pass is tried. */
  readonly patienceS: number;
  /** How much the pace in corners wanders from lap to lap, and how unsteady the foot is (standard deviations). */
  readonly wander: number;
  readonly foot: number;
  /** Laps that the team dares to be short of the end before it calls the car in. */
  readonly nerveLaps: number;
}

/** A stop as planned when the car reaches its box. */
export interface PitStop {
  readonly endMs: number;
  /** Ignored for a full fill: the tank takes what it has room for when the stop ends. */
  readonly fillUg: number;
  readonly full: boolean;
}

/** Everything that changes about one car. */
export class CarState {
  readonly index: number;
  readonly entry: SimEntry;
  readonly truth: CarTruth;
  readonly engine: EngineTable;
  readonly style: DriverStyle;
  readonly prng: Prng;
  readonly idlePedal: number;

  phase: CarPhase = "racing";
  /** Laps completed; -1 before the start line. */
  lapIndex = -1;
  /** Metres from the start/finish line. */
  positionM: number;
  speedMps: number;
  throttle = 0;
  brake = 0;
  rpm = 3000;
  gear = 4;
  burnKgPerS = 0;
  accelMps2 = 0;
  engineOffUntilMs = Number.NEGATIVE_INFINITY;
  /** The pickup sucks air at the moment. */
  isStarved = false;

  /** The next car on the track that races this one, or undefined when alone. */
  ahead: CarState | undefined;
  /** Nose to tail, metres; Infinity when alone. */
  gapM = Number.POSITIVE_INFINITY;
  heldUpMs = 0;
  passingUntilMs = Number.NEGATIVE_INFINITY;
  wander = 0;
  /** Relative error of the foot on a part-open pedal. */
  foot = 0;

  savingLevel = 0;
  savingUntilLap = 0;
  savesByDrafting = false;

  pitIntended = false;
  pitStop: PitStop | undefined;
  lastStopLap = 0;
  spinUntilMs = Number.NEGATIVE_INFINITY;

  readonly capacityUg: number;
  levelUg: number;
  totalBurnUg = 0;
  totalFilledUg = 0;
  lapBurnUg = 0;
  lapStartMs: number;
  cautionMs = 0;
  cautionBurnUg = 0;
  pitRoadMs = 0;
  pitRoadBurnUg = 0;
  savingMs = 0;
  windowBurnUg = 0;
  /** The team's running mean of its green laps, kg. */
  teamBurnKgPerLap: number;

  constructor(init: {
    index: number;
    entry: SimEntry;
    truth: CarTruth;
    engine: EngineTable;
    style: DriverStyle;
    prng: Prng;
    positionM: number;
    speedMps: number;
    startMs: number;
    expectedBurnKgPerLap: number;
  }) {
    this.index = init.index;
    this.entry = init.entry;
    this.truth = init.truth;
    this.engine = init.engine;
    this.style = init.style;
    this.prng = init.prng;
    this.positionM = init.positionM;
    this.speedMps = init.speedMps;
    this.lapStartMs = init.startMs;
    this.teamBurnKgPerLap = init.expectedBurnKgPerLap;
    this.capacityUg = Math.round(init.truth.usableFuelLitres * init.truth.fuelKgPerLitre * 1e9);
    this.levelUg = this.capacityUg;
    this.idlePedal = init.engine.pedalFor(IDLE_RPM, IDLE_LOAD_W);
  }

  get lapNumber(): number {
    return this.lapIndex + 1;
  }

  get isOnPitRoad(): boolean {
    return this.phase === "pitIn" || this.phase === "inBox" || this.phase === "pitOut";
  }

  /** Part of the traffic on the racing surface. */
  get isInTraffic(): boolean {
    return this.phase === "racing" || this.phase === "finished";
  }

  get levelKg(): number {
    return this.levelUg / 1e9;
  }
}

/** A race engine idles high [M]. */
export const IDLE_RPM = 2000;
/** Alternator, pumps and gearbox oil [I]. */
const IDLE_LOAD_W = 4000;
