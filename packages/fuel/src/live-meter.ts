import type { MeterWord } from "./fuel-output.ts";
import { meterWordOf } from "./saving.ts";
import { MICROGRAMS_PER_KG } from "./units.ts";

/**
 * The gauge between two lap lines: burn rate of the last second, and burn so far in the lap against what the car's own
 * green laps had burned at the same way round. Reads samples in order only; a late sample changes totals, not the gauge.
 */
export interface LiveMeterState {
  /** Burn in the running lap when the k-th mark of the way was passed; marks not passed yet are absent. */
  marksUg: number[];
  lapUg: number;
  lapDistanceMm: number;
  wayPpm: number;
  /** Averages of the marks over green laps; empty before the first. */
  profileUg: number[];
  profileLaps: number;
  word: MeterWord;
  /** Tenths of a second, newest last: which one, burn and covered time in it. */
  tenths: { at: number; ug: number; us: number }[];
}

/** The columns that the meter reads; SampleColumns has them. */
interface MeterSamples {
  readonly eventTimeMs: ArrayLike<number>;
  readonly burnUg: ArrayLike<number>;
  readonly lapPositionPpm: ArrayLike<number>;
  readonly distanceMm: ArrayLike<number>;
}

/** Marks of the way round; 2 % of a lap, about a second on a 2.5 mile track. */
const MARKS = 50;
const LAP_PPM = 1_000_000;
// Before this much of a lap the ratio compares noise with noise.
const WAY_PPM_MIN = 100_000;
const PROFILE_LAPS_MIN = 2;
// A new lap counts at least this much in the profile, so that it follows tyres and fuel load within about 10 laps.
const PROFILE_WEIGHT_MIN = 0.2;
const TENTH_MS = 100;
const TENTHS_KEPT = 10;
// One lap is measured on less than a whole lap: words change later than between laps.
const LIVE_WORD_SCALE = 0.8;

export class LiveMeter {
  readonly #state: LiveMeterState;

  constructor(state: LiveMeterState = freshState()) {
    this.#state = cloneState(state);
  }

  snapshot(): LiveMeterState {
    return cloneState(this.#state);
  }

  /** One sample in order. lengthM 0: not known. */
  observe(samples: MeterSamples, index: number, sampleUs: number, lengthM: number): void {
    const eventTimeMs = samples.eventTimeMs[index] ?? 0;
    const burnUg = samples.burnUg[index] ?? 0;
    const positionPpm = samples.lapPositionPpm[index] ?? -1;
    const distanceMm = samples.distanceMm[index] ?? 0;
    const state = this.#state;
    const at = Math.floor(eventTimeMs / TENTH_MS);
    const last = state.tenths.at(-1);
    if (last !== undefined && last.at === at) {
      last.ug += burnUg;
      last.us += sampleUs;
    } else {
      state.tenths.push({ at, ug: burnUg, us: sampleUs });
      if (state.tenths.length > TENTHS_KEPT) state.tenths.shift();
    }
    state.lapUg += burnUg;
    state.lapDistanceMm += distanceMm;
    const way = positionPpm >= 0 ? positionPpm : lengthM > 0 ? Math.round((state.lapDistanceMm * 1_000) / lengthM) : -1;
    // Jitter around the line, or a car rolling back, does not take the way back.
    if (way <= state.wayPpm || way >= LAP_PPM) return;
    // The first samples behind the line may still carry the end of the former lap.
    if (state.wayPpm === 0 && way > LAP_PPM / 2) return;
    state.wayPpm = way;
    const passed = Math.floor((way * MARKS) / LAP_PPM);
    const before = state.marksUg.at(-1) ?? 0;
    const missing = passed - state.marksUg.length;
    for (let step = 1; step <= missing; step++) state.marksUg.push(before + ((state.lapUg - before) * step) / missing);
    // At the marks and not when somebody looks, so that the word's hysteresis follows the car alone.
    if (missing > 0) state.word = this.word(true);
  }

  /** The lap is over; a valid one teaches the profile. */
  endLap(isValid: boolean): void {
    const state = this.#state;
    if (isValid && state.marksUg.length >= MARKS - 2) this.#learn();
    state.marksUg = [];
    state.lapUg = 0;
    state.lapDistanceMm = 0;
    state.wayPpm = 0;
  }

  /** Mean of the last second in kg/s; undefined without samples in it. */
  burnKgPerS(eventTimeMs: number): number | undefined {
    const from = Math.floor(eventTimeMs / TENTH_MS) - TENTHS_KEPT;
    let ug = 0;
    let us = 0;
    for (const tenth of this.#state.tenths) {
      if (tenth.at <= from) continue;
      ug += tenth.ug;
      us += tenth.us;
    }
    return us > 0 ? (ug / MICROGRAMS_PER_KG) * (1e6 / us) : undefined;
  }

  /** 1 = as the car's own green laps; undefined too early in the lap or without such laps. */
  ratio(): number | undefined {
    const state = this.#state;
    if (state.profileLaps < PROFILE_LAPS_MIN || state.wayPpm < WAY_PPM_MIN) return undefined;
    const marks = (state.wayPpm * MARKS) / LAP_PPM;
    const index = Math.floor(marks) - 1;
    const low = state.profileUg[index];
    if (low === undefined || !(low > 0)) return undefined;
    const high = state.profileUg[index + 1] ?? low + low / (index + 1);
    return state.lapUg / (low + (high - low) * (marks - Math.floor(marks)));
  }

  /** The word for the running lap; keeps the last one while the ratio is not known yet, "" for a lap that is not all green. */
  word(isGreen: boolean): MeterWord {
    const state = this.#state;
    if (!isGreen) return "";
    const ratio = this.ratio();
    return ratio === undefined ? state.word : meterWordOf(state.word, (1 - ratio) * LIVE_WORD_SCALE);
  }

  #learn(): void {
    const state = this.#state;
    const weight = Math.max(1 / (state.profileLaps + 1), PROFILE_WEIGHT_MIN);
    for (let index = 0; index < MARKS - 1; index++) {
      const mark = state.marksUg[index] ?? state.lapUg;
      const known = state.profileUg[index];
      state.profileUg[index] = known === undefined ? mark : known + (mark - known) * weight;
    }
    state.profileLaps++;
  }
}

function freshState(): LiveMeterState {
  return { marksUg: [], lapUg: 0, lapDistanceMm: 0, wayPpm: 0, profileUg: [], profileLaps: 0, word: "", tenths: [] };
}

function cloneState(state: LiveMeterState): LiveMeterState {
  return {
    ...state,
    marksUg: [...state.marksUg],
    profileUg: [...state.profileUg],
    tenths: state.tenths.map((tenth) => ({ ...tenth })),
  };
}
