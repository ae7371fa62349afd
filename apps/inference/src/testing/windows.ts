import {
  type BurnWindow,
  BurnWindowSchema,
  CONTROL_SCHEMA_VERSION,
  ControlEventSchema,
  create,
  FACT_SCHEMA_VERSION,
  FactSchema,
  FlagState,
  partitionOf,
  subjects,
  toBinary,
} from "@burnline/contract";
import { DEFAULT_PROFILE_ID, FEATURE_NAMES, FEATURE_SCHEMA_VERSION, PHYSICS_VERSION } from "@burnline/fuel";
import type { LogAppend } from "@burnline/stream";
import type { ModelSchema } from "../model-metadata.ts";
import { QUANTILES, type ResidualModel } from "../residual-model.ts";

export const RACE = "test-race";

/** A schema whose ranges are 0 .. 1 everywhere, so that 0.5 is inside and 2 is outside. */
export function schema(overrides: Partial<ModelSchema> = {}): ModelSchema {
  return {
    name: "burn-residual",
    version: "burn-residual-test",
    featureSchemaVersion: FEATURE_SCHEMA_VERSION,
    physicsVersion: PHYSICS_VERSION,
    carProfiles: [DEFAULT_PROFILE_ID],
    sampleShareMin: 0.5,
    onnxSha256: "0".repeat(64),
    input: "features",
    output: "logRatio",
    features: FEATURE_NAMES.map((name) => ({ name, min: 0, max: 1 })),
    ...overrides,
  };
}

/** Answers every window with 0.01, 0.02, 0.03 and remembers how it was asked; or throws while `failing`. */
export class FakeModel implements ResidualModel {
  readonly schema: ModelSchema;
  readonly batches: number[] = [];
  answer: readonly [number, number, number] = [0.01, 0.02, 0.03];
  failing = false;

  constructor(overrides: Partial<ModelSchema> = {}) {
    this.schema = schema(overrides);
  }

  async predict(_features: Float32Array, count: number): Promise<Float32Array> {
    this.batches.push(count);
    if (this.failing) throw new Error("out of memory");
    const answers = new Float32Array(count * QUANTILES);
    for (let row = 0; row < count; row++) answers.set(this.answer, row * QUANTILES);
    return answers;
  }

  async release(): Promise<void> {}
}

export interface WindowOverrides {
  car?: string;
  startMs?: number;
  revision?: number;
  race?: string;
  physicsVersion?: string;
  window?: Partial<Omit<BurnWindow, "$typeName">>;
}

/** A window fact that the schema above accepts, as the processor would append it to the fact log. */
export function windowFact(overrides: WindowOverrides = {}): LogAppend {
  const car = overrides.car ?? "24";
  const startMs = overrides.startMs ?? 1_750_000_000_000;
  const revision = overrides.revision ?? 0;
  const race = overrides.race ?? RACE;
  const window = create(BurnWindowSchema, {
    startMs,
    endMs: startMs + 1000,
    samples: 10,
    burnUg: 20_000_000,
    distanceMm: 70_000,
    flag: FlagState.GREEN,
    lapNumber: 3,
    features: FEATURE_NAMES.map(() => 0.5),
    featureSchemaVersion: FEATURE_SCHEMA_VERSION,
    ...overrides.window,
  });
  const id = `window:${car}:${startMs}:${revision}`;
  const fact = create(FactSchema, {
    schemaVersion: FACT_SCHEMA_VERSION,
    id,
    race,
    car,
    eventTimeMs: startMs + 1000,
    revision,
    provenance: { source: "physics", physicsVersion: overrides.physicsVersion ?? PHYSICS_VERSION, coverage: 1 },
    body: { case: "burnWindow", value: window },
  });
  return {
    partition: partitionOf(car),
    subject: subjects.fact(RACE, "window", car),
    payload: toBinary(FactSchema, fact),
    messageId: id,
  };
}

/** The race definition as ingest puts it into partition 0. */
export function definition(carProfile: string, entries: { car: string; carProfile: string }[] = []): LogAppend {
  const event = create(ControlEventSchema, {
    schemaVersion: CONTROL_SCHEMA_VERSION,
    id: `definition:${carProfile}`,
    event: { case: "raceDefinition", value: { race: RACE, carProfile, entries } },
  });
  return { partition: 0, subject: subjects.control(RACE, 0, "race"), payload: toBinary(ControlEventSchema, event) };
}
