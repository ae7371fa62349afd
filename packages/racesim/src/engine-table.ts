import { type Ambient, type EngineBuild, operatingPoint } from "./engine.ts";

export const RPM_MIN = 1600;
export const RPM_MAX = 9800;
const RPM_POINTS = 42;
const RPM_STEP = (RPM_MAX - RPM_MIN) / (RPM_POINTS - 1);
/** Throttle points are spaced by the square root: the engine changes most just above closed. */
const THROTTLE_POINTS = 41;
const POWER_POINTS = 41;
/** Resolution of the search that turns a wanted power into a pedal. */
const PEDAL_SEARCH_POINTS = 201;

/** One engine over (rpm, throttle), bilinear. 42 x 41 points: off by less than 1 % of full-load fuel (see the test). */
export class EngineTable {
  readonly #fuelKgPerS = new Float64Array(RPM_POINTS * THROTTLE_POINTS);
  readonly #brakePowerW = new Float64Array(RPM_POINTS * THROTTLE_POINTS);
  readonly #motoringPowerW = new Float64Array(RPM_POINTS);
  readonly #pedal = new Float64Array(RPM_POINTS * POWER_POINTS);
  /** Results of the last `operate`. */
  fuelKgPerS = 0;
  brakePowerW = 0;
  motoringPowerW = 0;

  constructor(build: EngineBuild, ambient: Ambient) {
    for (let row = 0; row < RPM_POINTS; row++) {
      const rpm = RPM_MIN + row * RPM_STEP;
      for (let column = 0; column < THROTTLE_POINTS; column++) {
        const throttle = (column / (THROTTLE_POINTS - 1)) ** 2;
        const point = operatingPoint(build, ambient, rpm, throttle);
        this.#fuelKgPerS[row * THROTTLE_POINTS + column] = point.fuelKgPerS;
        this.#brakePowerW[row * THROTTLE_POINTS + column] = point.brakePowerW;
        if (column === 0) this.#motoringPowerW[row] = point.motoringPowerW;
      }
      this.#invertRow(row);
    }
  }

  operate(rpm: number, throttle: number): void {
    const x = rowPosition(rpm);
    const row = Math.min(RPM_POINTS - 2, Math.floor(x));
    const u = x - row;
    const y = Math.sqrt(throttle) * (THROTTLE_POINTS - 1);
    const column = Math.min(THROTTLE_POINTS - 2, Math.floor(y));
    const v = y - column;
    const base = row * THROTTLE_POINTS + column;
    this.fuelKgPerS = bilinear(this.#fuelKgPerS, base, THROTTLE_POINTS, u, v);
    this.brakePowerW = bilinear(this.#brakePowerW, base, THROTTLE_POINTS, u, v);
    const below = this.#motoringPowerW[row] ?? 0;
    this.motoringPowerW = below + u * ((this.#motoringPowerW[row + 1] ?? 0) - below);
  }

  /** The pedal that gives this power, 0 when even a closed throttle gives more, 1 when full throttle gives less. */
  pedalFor(rpm: number, powerW: number): number {
    const x = rowPosition(rpm);
    const row = Math.min(RPM_POINTS - 2, Math.floor(x));
    const u = x - row;
    const at = row * THROTTLE_POINTS;
    const closed = mix(this.#brakePowerW[at], this.#brakePowerW[at + THROTTLE_POINTS], u);
    const last = at + THROTTLE_POINTS - 1;
    const full = mix(this.#brakePowerW[last], this.#brakePowerW[last + THROTTLE_POINTS], u);
    const share = (powerW - closed) / (full - closed);
    if (share <= 0) return 0;
    if (share >= 1) return 1;
    const y = share * (POWER_POINTS - 1);
    const column = Math.min(POWER_POINTS - 2, Math.floor(y));
    return bilinear(this.#pedal, row * POWER_POINTS + column, POWER_POINTS, u, y - column);
  }

  #invertRow(row: number): void {
    const rowPower = (throttle: number): number => {
      const y = Math.sqrt(throttle) * (THROTTLE_POINTS - 1);
      const column = Math.min(THROTTLE_POINTS - 2, Math.floor(y));
      const at = row * THROTTLE_POINTS + column;
      return mix(this.#brakePowerW[at], this.#brakePowerW[at + 1], y - column);
    };
    const closed = rowPower(0);
    const full = rowPower(1);
    let search = 0;
    for (let point = 0; point < POWER_POINTS; point++) {
      const wanted = closed + ((full - closed) * point) / (POWER_POINTS - 1);
      while (search < PEDAL_SEARCH_POINTS - 1 && rowPower((search / (PEDAL_SEARCH_POINTS - 1)) ** 2) < wanted) search++;
      this.#pedal[row * POWER_POINTS + point] = (search / (PEDAL_SEARCH_POINTS - 1)) ** 2;
    }
  }
}

function rowPosition(rpm: number): number {
  return (Math.min(RPM_MAX, Math.max(RPM_MIN, rpm)) - RPM_MIN) / RPM_STEP;
}

function mix(from: number | undefined, to: number | undefined, share: number): number {
  return (from ?? 0) + share * ((to ?? 0) - (from ?? 0));
}

function bilinear(table: Float64Array, base: number, stride: number, u: number, v: number): number {
  const a = table[base] ?? 0;
  const b = table[base + 1] ?? 0;
  const c = table[base + stride] ?? 0;
  const d = table[base + stride + 1] ?? 0;
  const near = a + v * (b - a);
  return near + u * (c + v * (d - c) - near);
}
