import { SPEED_MPS_MAX } from "@burnline/contract";

/**
 * Finds the moments at which a car crosses the start/finish line, from its position and from its own lap counter.
 *
 *   position wraps ──▶ candidate ──counter follows within 5 s──▶ LINE at the interpolated wrap
 *                          └──────not within 5 s──────────────▶ forgotten (jitter); twice running: counter is dead
 *   counter steps  ──▶ candidate ──wrap follows within 5 s─────▶ LINE at the interpolated wrap
 *                          └──────not within 5 s──────────────▶ LINE at the step, doubtful
 *   only one of the channels exists: it decides alone.
 *   counter backwards, counter leaps, position faster than a car ──▶ RESET
 *
 * Way is an odometer that follows the position backwards too, so jitter on the line never crosses it twice.
 */
export interface LapLineState {
  /** Last position seen, -1 = none. */
  positionPpm: number;
  positionMs: number;
  /** Way since the line in ppm; at 1 000 000 the line is crossed. Negative after rolling back over the line. */
  odometerPpm: number;
  /** Last counter seen, -1 = none. */
  counter: number;
  counterMs: number;
  /** A crossing that one channel saw and the other has not confirmed yet; -1 = none. */
  wrapMs: number;
  stepMs: number;
  /** Wraps running that the counter did not follow. */
  unfollowedWraps: number;
  lineMs: number;
}

export const LINE_NONE = 0;
/** Somewhere a line may have been crossed: atMs. Cut there, so that the answer can come later. */
export const LINE_CANDIDATE = 1;
/** The line was crossed at atMs. */
export const LINE_CROSSED = 2;
/** As crossed, but the moment is not confirmed by the position. */
export const LINE_DOUBTFUL = 3;
/** The car did not drive from where it was to where it is. */
export const LINE_RESET = 4;
export type LineSign = 0 | 1 | 2 | 3 | 4;

/** Position and counter must agree within this (field notes: a validated crossing needs both within 5 s). */
export const CHANNELS_AGREE_MS = 5_000;
/** No lap of any series is shorter; a counter that steps faster has leapt. Shortest race lap known: about 15 s. */
export const LAP_MS_MIN = 8_000;
const LAP_PPM = 1_000_000;
const LAP_PPM_HALF = 500_000;
// A first lap that begins this close behind the line begins at the line: 20 m of a 2.5 mile track.
const AT_LINE_PPM = 5_000;
// Faster than this is a teleport: the fastest speed that a frame may carry, 20 % and 50 m for the noise of the position.
const TELEPORT_MPS = SPEED_MPS_MAX * 1.2;
const TELEPORT_SLACK_M = 50;
// Without a track length: an eighth of a lap per second, as no lap takes less than 8 s, and 1 % for noise.
const TELEPORT_PPM_PER_MS = LAP_PPM / LAP_MS_MIN;
const TELEPORT_SLACK_PPM = 10_000;
// After so many laps that only the position saw, the counter is taken for dead.
const UNFOLLOWED_WRAPS_MAX = 2;

export class LapLine {
  readonly #state: LapLineState;
  #lengthM: number;
  /** Time and lap number of the last sign that was not LINE_NONE; number -1: the counter says nothing. */
  atMs = 0;
  lapNumber = -1;

  constructor(lengthM: number, state: LapLineState = freshState()) {
    this.#lengthM = lengthM;
    this.#state = { ...state };
  }

  set lengthM(lengthM: number) {
    this.#lengthM = lengthM;
  }

  snapshot(): LapLineState {
    return { ...this.#state };
  }

  /** True when the last position lay at the line, so that a lap beginning there is whole. */
  get isAtLine(): boolean {
    return this.#state.positionPpm >= 0 && this.#state.positionPpm <= AT_LINE_PPM;
  }

  /** Position and counter are silent: lap lines have to come from timing. */
  isSilentSince(sinceMs: number): boolean {
    return this.#state.positionMs < sinceMs && this.#state.counterMs < sinceMs;
  }

  /** The source numbers the laps itself. */
  get hasCounter(): boolean {
    return this.#state.counter >= 0;
  }

  /** One sample in event-time order; position and counter -1 when there is no such channel. */
  observe(eventTimeMs: number, positionPpm: number, counter: number): LineSign {
    const state = this.#state;
    let wrapMs = -1;
    let isTeleport = false;
    if (positionPpm >= 0) {
      if (state.positionPpm >= 0) {
        const step = this.#drive(positionPpm, eventTimeMs);
        isTeleport = step === TELEPORT;
        if (step >= 0) wrapMs = step;
      } else {
        state.odometerPpm = positionPpm;
      }
      state.positionPpm = positionPpm;
      state.positionMs = eventTimeMs;
    }
    if (counter < 0) return this.#decide(eventTimeMs, wrapMs, 0, isTeleport);
    const step = state.counter < 0 ? 0 : counter - state.counter;
    const isLeap = step < 0 || (step > 1 && eventTimeMs - state.counterMs < (step - 1) * LAP_MS_MIN);
    state.counter = counter;
    state.counterMs = eventTimeMs;
    return this.#decide(eventTimeMs, wrapMs, step, isTeleport || isLeap);
  }

  #decide(eventTimeMs: number, wrapMs: number, counterStep: number, isReset: boolean): LineSign {
    const state = this.#state;
    if (isReset) return this.#reset(eventTimeMs);
    const waits = state.wrapMs >= 0 || state.stepMs >= 0;
    if (wrapMs < 0 && counterStep === 0 && !waits) return LINE_NONE;
    const isFresh = eventTimeMs - CHANNELS_AGREE_MS;
    const counterSpeaks =
      state.counterMs >= isFresh && state.counter >= 0 && state.unfollowedWraps < UNFOLLOWED_WRAPS_MAX;
    const positionSpeaks = state.positionMs >= isFresh && state.positionPpm >= 0;
    if (counterStep > 0) state.unfollowedWraps = 0;
    if (wrapMs >= 0 && (counterStep > 0 || state.stepMs >= 0 || !counterSpeaks))
      return this.#cross(wrapMs, LINE_CROSSED);
    if (counterStep > 0) {
      if (state.wrapMs >= 0) return this.#cross(state.wrapMs, LINE_CROSSED);
      if (!positionSpeaks) {
        const isTooSoon = state.lineMs >= 0 && eventTimeMs - state.lineMs < LAP_MS_MIN;
        return isTooSoon ? this.#reset(eventTimeMs) : this.#cross(eventTimeMs, LINE_CROSSED);
      }
      state.stepMs = eventTimeMs;
      this.atMs = eventTimeMs;
      return LINE_CANDIDATE;
    }
    if (wrapMs >= 0) {
      state.unfollowedWraps++;
      if (state.unfollowedWraps >= UNFOLLOWED_WRAPS_MAX) return this.#cross(wrapMs, LINE_DOUBTFUL);
      state.wrapMs = wrapMs;
      this.atMs = wrapMs;
      return LINE_CANDIDATE;
    }
    if (state.stepMs >= 0 && eventTimeMs - state.stepMs > CHANNELS_AGREE_MS)
      return this.#cross(state.stepMs, LINE_DOUBTFUL);
    if (state.wrapMs >= 0 && eventTimeMs - state.wrapMs > CHANNELS_AGREE_MS) state.wrapMs = -1;
    return LINE_NONE;
  }

  #cross(atMs: number, sign: typeof LINE_CROSSED | typeof LINE_DOUBTFUL): LineSign {
    const state = this.#state;
    state.wrapMs = -1;
    state.stepMs = -1;
    state.lineMs = atMs;
    this.atMs = atMs;
    this.lapNumber = state.unfollowedWraps < UNFOLLOWED_WRAPS_MAX ? state.counter : -1;
    return sign;
  }

  #reset(eventTimeMs: number): LineSign {
    const state = this.#state;
    state.wrapMs = -1;
    state.stepMs = -1;
    state.unfollowedWraps = 0;
    state.odometerPpm = Math.max(0, state.positionPpm);
    this.atMs = eventTimeMs;
    this.lapNumber = state.counter;
    return LINE_RESET;
  }

  /** Moves the odometer; the time of a wrap, or NO_WRAP, or TELEPORT. */
  #drive(positionPpm: number, eventTimeMs: number): number {
    const state = this.#state;
    const elapsedMs = eventTimeMs - state.positionMs;
    let way = positionPpm - state.positionPpm;
    if (way <= -LAP_PPM_HALF) way += LAP_PPM;
    else if (way > LAP_PPM_HALF) way -= LAP_PPM;
    const reach = this.#reachPpm(elapsedMs);
    if (reach >= LAP_PPM_HALF) {
      // So long without a position that both ways round are possible: cars drive forwards.
      if (way < 0) way += LAP_PPM;
    } else if (Math.abs(way) > reach) return TELEPORT;
    const before = state.odometerPpm;
    state.odometerPpm += way;
    if (state.odometerPpm < LAP_PPM) return NO_WRAP;
    state.odometerPpm -= LAP_PPM;
    // Rounded up, so that the sample before the line stays before it and the one on it comes after.
    return Math.ceil(state.positionMs + (elapsedMs * (LAP_PPM - before)) / way);
  }

  #reachPpm(elapsedMs: number): number {
    if (this.#lengthM > 0) {
      return ((TELEPORT_MPS * elapsedMs) / 1_000 + TELEPORT_SLACK_M) * (LAP_PPM / this.#lengthM);
    }
    return elapsedMs * TELEPORT_PPM_PER_MS + TELEPORT_SLACK_PPM;
  }
}

const NO_WRAP = -1;
const TELEPORT = -2;

function freshState(): LapLineState {
  return {
    positionPpm: -1,
    positionMs: -1,
    odometerPpm: 0,
    counter: -1,
    counterMs: -1,
    wrapMs: -1,
    stepMs: -1,
    unfollowedWraps: 0,
    lineMs: -1,
  };
}
