import { type ControlEvent, ControlEventSchema, create, SAMPLES_PER_FRAME_MAX } from "@burnline/contract";
import { BurnModel } from "../burn-model.ts";
import type { CarFuel, CarFuelSnapshot } from "../car-fuel.ts";
import type { CarContext, FuelOutput } from "../fuel-output.ts";
import { findCarProfile } from "../profiles.ts";
import { REGIME_GREEN, type Regime } from "../regime.ts";
import { fillBurn, SampleColumns } from "../sample-columns.ts";

/** One sample of a test's car; -1 = no such channel. */
export interface TapeSample {
  eventTimeMs: number;
  throttle: number;
  rpm: number;
  speedMps: number;
  positionPpm: number;
  lapNumber: number;
  statusBits: number;
  regime: Regime;
}

export const TAPE_RATE_HZ = 10;
export const TAPE_LENGTH_M = 2_400;

export function sample(overrides: Partial<TapeSample> = {}): TapeSample {
  return {
    eventTimeMs: 0,
    throttle: 0.8,
    rpm: 8_200,
    speedMps: 80,
    positionPpm: -1,
    lapNumber: -1,
    statusBits: 0,
    regime: REGIME_GREEN,
    ...overrides,
  };
}

export function context(overrides: Partial<CarContext> = {}): CarContext {
  return {
    race: "test",
    car: "24",
    profile: findCarProfile("nextgen")!,
    track: { lengthM: TAPE_LENGTH_M, greenLapS: 30, greenBurnKgPerLap: 0 },
    scheduledLaps: 100,
    stageEndLaps: [],
    stageNumber: 1,
    ...overrides,
  };
}

/** Loads samples into columns, regime and burn filled. */
export function columnsOf(
  samples: readonly TapeSample[],
  model = new BurnModel(context().profile),
  rateHz = TAPE_RATE_HZ,
): SampleColumns {
  const columns = new SampleColumns();
  columns.count = samples.length;
  columns.sampleRateHz = rateHz;
  samples.forEach((one, index) => {
    columns.eventTimeMs[index] = one.eventTimeMs;
    columns.throttleBasisPoints[index] = Math.round(one.throttle * 10_000);
    columns.rpmTenths[index] = one.rpm < 0 ? -1 : Math.round(one.rpm * 10);
    columns.speedMmPerS[index] = one.speedMps < 0 ? -1 : Math.round(one.speedMps * 1_000);
    columns.distanceMm[index] = one.speedMps < 0 ? 0 : Math.round((one.speedMps * 1_000) / rateHz);
    columns.lapPositionPpm[index] = one.positionPpm;
    columns.lapNumber[index] = one.lapNumber;
    columns.statusBits[index] = one.statusBits;
    columns.regime[index] = one.regime;
  });
  fillBurn(model, columns);
  return columns;
}

export interface LapPlan {
  /** Share of the throttle that the driver uses; less = saving. */
  throttle?: number;
  regime?: Regime;
  lapS?: number;
  rpm?: number;
  statusBits?: (positionPpm: number) => number;
}

/** A car going round and round at constant speed, from the line, with position and counter. */
export function drive(plans: readonly LapPlan[], start: { atMs?: number; lapNumber?: number } = {}): TapeSample[] {
  const samples: TapeSample[] = [];
  let atMs = start.atMs ?? 1_000_000;
  plans.forEach((plan, index) => {
    const steps = Math.round((plan.lapS ?? 30) * TAPE_RATE_HZ);
    for (let step = 0; step < steps; step++) {
      const positionPpm = Math.floor((step * 1_000_000) / steps);
      samples.push(
        sample({
          eventTimeMs: atMs,
          throttle: plan.throttle ?? 0.8,
          rpm: plan.rpm ?? 8_200,
          speedMps: TAPE_LENGTH_M / (plan.lapS ?? 30),
          positionPpm,
          lapNumber: (start.lapNumber ?? 1) + index,
          regime: plan.regime ?? REGIME_GREEN,
          statusBits: plan.statusBits?.(positionPpm) ?? 0,
        }),
      );
      atMs += 1_000 / TAPE_RATE_HZ;
    }
  });
  return samples;
}

/** Adds samples in frames, ticking once a second as the operator does. */
export function feed(
  fuel: CarFuel,
  samples: readonly TapeSample[],
  options: { frame?: number; model?: BurnModel; rateHz?: number } = {},
): FuelOutput[] {
  const outputs: FuelOutput[] = [];
  const size = Math.min(options.frame ?? 12, SAMPLES_PER_FRAME_MAX);
  let tick = Math.floor((samples[0]?.eventTimeMs ?? 0) / 1_000);
  for (let from = 0; from < samples.length; from += size) {
    const frame = samples.slice(from, from + size);
    const columns = columnsOf(frame, options.model, options.rateHz);
    fuel.addInOrder(columns, 0, columns.count);
    const last = frame.at(-1)!.eventTimeMs;
    if (Math.floor(last / 1_000) > tick) {
      tick = Math.floor(last / 1_000);
      fuel.advance(last - 5_000);
      fuel.flush();
    }
    outputs.push(...fuel.takeOutputs());
  }
  return outputs;
}

/** Everything becomes final. */
export function finish(fuel: CarFuel, atMs: number): FuelOutput[] {
  fuel.advance(atMs);
  fuel.flush();
  return fuel.takeOutputs();
}

type ControlEventInit = NonNullable<Parameters<typeof create<typeof ControlEventSchema>>[1]>;

export function control(effectiveFromMs: number, event: NonNullable<ControlEventInit["event"]>): ControlEvent {
  return create(ControlEventSchema, { schemaVersion: 1, id: `test-${effectiveFromMs}`, effectiveFromMs, event });
}

/** The latest revision of each fact of a kind, in order of first appearance. */
export function latest<K extends FuelOutput["kind"]>(
  outputs: readonly FuelOutput[],
  kind: K,
): Extract<FuelOutput, { kind: K }>[] {
  const byKey = new Map<string, FuelOutput>();
  for (const output of outputs) if (output.kind === kind) byKey.set(output.key, output);
  return [...byKey.values()] as Extract<FuelOutput, { kind: K }>[];
}

/** A snapshot as it comes back from a store. */
export function throughJson(snapshot: CarFuelSnapshot): CarFuelSnapshot {
  return JSON.parse(JSON.stringify(snapshot)) as CarFuelSnapshot;
}

/** Where in a value a number is not finite, or undefined. */
export function nonFinitePath(value: unknown, path = "$"): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (value === null || typeof value !== "object") return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = nonFinitePath(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
