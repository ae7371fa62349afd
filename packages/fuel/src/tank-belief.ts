import type { CarProfile } from "./car-profile.ts";
import { cappedMoments } from "./quantiles.ts";
import {
  type Anchor,
  type Belief,
  type Burned,
  cloneTank,
  freshTank,
  type Level,
  type Stop,
  type TankState,
} from "./tank-state.ts";

/** A fill that is reported within this after the stop belongs to it. */
const FILL_REPORT_MS_MAX = 180_000;
/** A stop shorter than this puts nothing in: time to plug in and out. */
const BOX_MS_MIN = 2_000;
// Share of a guessed fill that stays uncertain even where the tank would be full: a stop for tyres only looks the same.
const GUESS_SD_SHARE = 0.15;
// What was burned in a gap is known to half of it.
const GAP_SD_SHARE = 0.5;

/**
 * What is believed to be in the tank: a normal in kg at the last anchor, minus what was burned since.
 *
 *   unknown ──start full / start litres / full fill──▶ known ──reset of the car──▶ unknown
 *   known ──partial fill──▶ known + V      known ──stop without amount──▶ known + what the stop's time allows, wide
 *
 * A fill that is reported after its stop was guessed replaces the guess. A stop is never taken for a full one because
 * it was a stop (field notes: Iowa, Pocono).
 */
export class TankBelief {
  #profile: CarProfile;
  readonly #state: TankState;

  constructor(profile: CarProfile, state: TankState = freshTank()) {
    this.#profile = profile;
    this.#state = cloneTank(state);
  }

  snapshot(): TankState {
    return cloneTank(this.#state);
  }

  set profile(profile: CarProfile) {
    this.#profile = profile;
  }

  get anchor(): Anchor {
    return this.#state.anchor;
  }
  get anchorMs(): number {
    return this.#state.anchorMs;
  }
  get reason(): string {
    return this.#state.reason;
  }

  /** What the entry list says of the start; counts only while nothing else did. litres 0 = not known. */
  startWith(litres: number, isFull: boolean, startMs: number): void {
    const state = this.#state;
    if (!state.isUntouched) return;
    const start = { burnedKg: 0, gapKg: 0 };
    if (isFull) this.#anchorAt("start", startMs, this.#fullTank(start));
    else if (litres > 0) {
      const known = Math.min(litres, this.#profile.usableFuelLitres);
      const sdKg = this.#profile.reportedFillLitresSd * this.#profile.fuelDensityKgPerL;
      this.#anchorAt("start", startMs, {
        ...start,
        meanKg: this.#toKg(known),
        sdKg: Math.hypot(sdKg, this.#densitySd(known)),
      });
    } else return;
    // The list may be corrected until the first fill or stop.
    state.isUntouched = true;
  }

  /** The car came onto pit road, or its crew says that it stands. */
  beginStop(fromMs: number, burned: Burned): void {
    const state = this.#state;
    if (state.stop !== null && state.stop.toMs === -1) return;
    const { belief, reason, anchor, anchorMs } = state;
    state.stop = {
      fromMs,
      toMs: -1,
      boxFromMs: -1,
      boxMs: 0,
      fills: 0,
      isGuessed: false,
      before: { belief: belief === null ? null : { ...belief }, reason, anchor, anchorMs },
      burnedKg: burned.burnedKg,
      gapKg: burned.gapKg,
    };
  }

  boxStopped(atMs: number, burned: Burned): void {
    if (this.#state.stop === null || this.#state.stop.toMs !== -1) this.beginStop(atMs, burned);
    const stop = this.#state.stop;
    if (stop === null || stop.boxFromMs !== -1) return;
    stop.boxFromMs = atMs;
    stop.burnedKg = burned.burnedKg;
    stop.gapKg = burned.gapKg;
  }

  boxLeft(atMs: number): void {
    const stop = this.#state.stop;
    if (stop === null || stop.boxFromMs === -1 || atMs <= stop.boxFromMs) return;
    stop.boxMs += atMs - stop.boxFromMs;
    stop.boxFromMs = -1;
    if (stop.fills === 0) this.#guess(stop, stop.boxMs, atMs);
  }

  /** Back on the track. standingMs: how long it stood by its own speed; undefined without a speed channel. */
  endStop(toMs: number, standingMs: number | undefined): void {
    const stop = this.#state.stop;
    if (stop === null || stop.toMs !== -1) return;
    if (stop.boxFromMs !== -1) this.boxLeft(toMs);
    stop.toMs = toMs;
    if (stop.fills > 0 || stop.isGuessed || stop.boxMs > 0) return;
    if (standingMs === undefined || standingMs >= BOX_MS_MIN) this.#guess(stop, standingMs, toMs);
  }

  /** A reported fill: litres known or 0, full to the brim or not. Nothing and not full: the stop brought no fuel. */
  fill(atMs: number, litres: number, isFull: boolean, burned: Burned): void {
    const state = this.#state;
    const stop = state.stop;
    const ofStop = stop !== null && atMs >= stop.fromMs && (stop.toMs === -1 || atMs <= stop.toMs + FILL_REPORT_MS_MAX);
    const at = ofStop
      ? { burnedKg: stop.burnedKg, gapKg: stop.gapKg }
      : { burnedKg: burned.burnedKg, gapKg: burned.gapKg };
    if (ofStop) {
      if (stop.isGuessed) this.#takeBack(stop);
      stop.fills++;
    }
    if (isFull) {
      this.#anchorAt("full fill", atMs, this.#fullTank(at));
      return;
    }
    if (litres > 0) state.isUntouched = false;
    if (!(litres > 0) || !Number.isFinite(litres) || state.belief === null) return;
    const level = this.#levelOf(state.belief, at);
    const sdKg = Math.hypot(
      level.sdKg,
      this.#profile.reportedFillLitresSd * this.#profile.fuelDensityKgPerL,
      this.#densitySd(litres),
    );
    this.#anchorAt("partial fill", atMs, {
      ...at,
      ...cappedMoments(level.meanKg + this.#toKg(litres), sdKg, this.#capacityKg),
    });
  }

  /** The car was put somewhere else: nobody knows what was done to its tank. */
  lose(reason: string): void {
    const state = this.#state;
    state.belief = null;
    state.reason = reason;
    state.anchor = "";
    state.anchorMs = 0;
    state.isUntouched = false;
    state.stop = null;
  }

  level(burned: Burned): Level | undefined {
    return this.#state.belief === null ? undefined : this.#levelOf(this.#state.belief, burned);
  }

  /** Usable fuel of a full tank, in kg, with one deviation on top: no level above it is believed. */
  get levelMaxKg(): number {
    return this.#toKg(this.#profile.usableFuelLitres + this.#profile.usableFuelLitresSd);
  }

  #levelOf(belief: Belief, burned: Burned): Level {
    const burnedKg = Math.max(0, burned.burnedKg - belief.burnedKg);
    const gapKg = Math.max(0, burned.gapKg - belief.gapKg);
    const scaleSd = Math.hypot(this.#profile.carScaleRelativeSd, this.#profile.stintBurnRelativeSd);
    return {
      meanKg: belief.meanKg - burnedKg,
      sdKg: Math.hypot(belief.sdKg, burnedKg * scaleSd, gapKg * GAP_SD_SHARE),
      anchorSdKg: Math.hypot(belief.sdKg, gapKg * GAP_SD_SHARE),
      burnedKg,
    };
  }

  /** What a stop of that length may have put in; undefined: nobody timed it. */
  #guess(stop: Stop, boxMs: number | undefined, atMs: number): void {
    const state = this.#state;
    if (stop.isGuessed) this.#takeBack(stop);
    if (state.belief === null) return;
    const at = { burnedKg: stop.burnedKg, gapKg: stop.gapKg };
    const level = this.#levelOf(state.belief, at);
    stop.isGuessed = true;
    if (boxMs === undefined) {
      // Anything between nothing and full is as likely as the rest.
      const room = Math.max(0, this.#capacityKg - level.meanKg);
      const sdKg = Math.hypot(level.sdKg, room / Math.sqrt(12));
      this.#anchorAt("stop without amount", atMs, { ...at, meanKg: level.meanKg + room / 2, sdKg });
      return;
    }
    const flowS = Math.max(0, boxMs / 1_000 - this.#profile.fillDeadTimeS);
    const fillKg = this.#toKg(this.#profile.fillLitresPerS * flowS);
    const fillSd = this.#toKg(this.#profile.fillLitresPerSSd * flowS);
    const capped = cappedMoments(level.meanKg + fillKg, Math.hypot(level.sdKg, fillSd), this.#capacityKg);
    const putInKg = Math.max(0, capped.meanKg - level.meanKg);
    this.#anchorAt("stop without amount", atMs, {
      ...at,
      meanKg: capped.meanKg,
      sdKg: Math.hypot(capped.sdKg, GUESS_SD_SHARE * putInKg),
    });
  }

  #takeBack(stop: Stop): void {
    const { belief, reason, anchor, anchorMs } = stop.before;
    const state = this.#state;
    state.belief = belief === null ? null : { ...belief };
    state.reason = reason;
    state.anchor = anchor;
    state.anchorMs = anchorMs;
    stop.isGuessed = false;
  }

  #anchorAt(anchor: Anchor, atMs: number, belief: Belief): void {
    const state = this.#state;
    state.belief = belief;
    state.reason = "";
    state.anchor = anchor;
    state.anchorMs = atMs;
    state.isUntouched = false;
  }

  #fullTank(at: Burned): Belief {
    const { usableFuelLitres, usableFuelLitresSd } = this.#profile;
    return {
      ...at,
      meanKg: this.#capacityKg,
      sdKg: Math.hypot(this.#toKg(usableFuelLitresSd), this.#densitySd(usableFuelLitres)),
    };
  }

  get #capacityKg(): number {
    return this.#toKg(this.#profile.usableFuelLitres);
  }

  #toKg(litres: number): number {
    return litres * this.#profile.fuelDensityKgPerL;
  }

  #densitySd(litres: number): number {
    return this.#toKg(litres) * this.#profile.fuelDensityRelativeSd;
  }
}
