import { assert } from "@burnline/std";
import type { CarProfile } from "./car-profile.ts";
import { REGIME_CAUTION, REGIME_RED, type Regime } from "./regime.ts";

// A pedal below this is closed: the dead band of phys5 (design note on fuel, 2.1).
const CLOSED_THROTTLE_BELOW = 0.03;
// The pedal scale never falls below this, so that the charge curve stays finite at standstill (same note).
const PEDAL_SCALE_MIN = 0.02;
// Behind the pace car the burn grows by this per unit of pedal (same note: 1 + 6a).
const CAUTION_PEDAL_GAIN = 6;

/**
 * phys5: fuel flow from throttle and engine speed.
 *
 *   α = max(0.02, α1·N/Nref)       pedal that fills the manifold, growing with engine speed
 *   g = (1 − e^(−a/α)) / (1 − e^(−1/α))
 *   ṁ = κ·N·[p0 + (1 − p0)·g]·(ρ/ρ0)·(1 − c on the overrun)            [kg/s]
 *   ṁ = κc·N·(1 + 6a)·(ρ/ρ0)       under caution and red, for profiles that have κc
 *
 * Holds numbers only, allocates nothing per sample.
 */
export class BurnModel {
  readonly profile: CarProfile;
  readonly #kappa: number;
  readonly #cautionKappa: number;
  readonly #closedShare: number;
  readonly #closedRpm: number;
  readonly #pedalPerRpm: number;
  readonly #overrunFactor: number;
  readonly #overrunRpmMin: number;
  readonly #engineOffRpm: number;
  readonly #flowMax: number;

  /** airDensityRatio: air density against the one that the profile was made for. */
  constructor(profile: CarProfile, airDensityRatio = 1) {
    assert(
      airDensityRatio > 0.3 && airDensityRatio < 2,
      `an air density ratio of ${airDensityRatio} is not of this planet`,
    );
    this.profile = profile;
    this.#kappa = profile.kappaKgPerSPerRpm * airDensityRatio;
    this.#cautionKappa = (profile.cautionKappaKgPerSPerRpm ?? 0) * airDensityRatio;
    this.#closedShare = profile.closedChargeShare;
    this.#closedRpm = profile.closedChargeRpm;
    this.#pedalPerRpm = profile.pedalScale / profile.referenceRpm;
    this.#overrunFactor = 1 - profile.overrunCutShare;
    this.#overrunRpmMin = profile.overrunRpmMin;
    this.#engineOffRpm = profile.engineOffRpm;
    this.#flowMax = profile.fuelFlowKgPerSMax ?? Number.POSITIVE_INFINITY;
  }

  /** Fuel flow in kg/s; throttle 0 .. 1, engine speed in rpm. */
  rateKgPerS(throttle: number, rpm: number, regime: Regime): number {
    if (!(rpm >= this.#engineOffRpm)) return 0;
    if (this.#cautionKappa > 0 && (regime === REGIME_CAUTION || regime === REGIME_RED)) {
      return this.#cautionKappa * rpm * (1 + CAUTION_PEDAL_GAIN * throttle);
    }
    const pedalScale = Math.max(PEDAL_SCALE_MIN, this.#pedalPerRpm * rpm);
    const filled = (1 - Math.exp(-throttle / pedalScale)) / (1 - Math.exp(-1 / pedalScale));
    const closed =
      rpm > this.#closedRpm && this.#closedRpm > 0 ? (this.#closedShare * this.#closedRpm) / rpm : this.#closedShare;
    let rate = this.#kappa * rpm * (closed + (1 - closed) * filled);
    if (
      throttle < CLOSED_THROTTLE_BELOW &&
      rpm > this.#overrunRpmMin &&
      regime !== REGIME_CAUTION &&
      regime !== REGIME_RED
    ) {
      rate *= this.#overrunFactor;
    }
    return rate < this.#flowMax ? rate : this.#flowMax;
  }
}
