import {
  type BurnWindow,
  create,
  type DataGapFact,
  FACT_SCHEMA_VERSION,
  type Fact,
  type FactKind,
  FactSchema,
  type LateFrame,
  LateFrameSchema,
  ProvenanceSchema,
  type RaceFact,
  subjects,
  toBinary,
} from "@burnline/contract";
import { type FuelOutput, PHYSICS_VERSION } from "@burnline/fuel";
import type { OutboxRecord } from "@burnline/stream";

/** Facts that belong to no car carry this subject token in place of a car id; isCarId refuses it as a car. */
const NO_CAR = "~all";

interface FactInput {
  readonly race: string;
  readonly kind: FactKind;
  readonly car: string;
  /** Identity within kind and car: a lap number, a window start. */
  readonly key: string;
  readonly revision: number;
  readonly final: boolean;
  readonly eventTimeMs: number;
  readonly modelVersion: string;
  readonly modelShare: number;
  readonly coverage: number;
  readonly degraded: boolean;
  readonly body: Fact["body"];
}

/** The outbox record of a fact. Its id comes from its content, so a fact that is sent twice has one effect. */
function factRecord(input: FactInput): OutboxRecord {
  const { race, kind, car, key, revision } = input;
  const id = `${kind}:${car}:${key}:${revision}`;
  const fact = create(FactSchema, {
    schemaVersion: FACT_SCHEMA_VERSION,
    id,
    race,
    car: car === NO_CAR ? "" : car,
    eventTimeMs: input.eventTimeMs,
    revision,
    final: input.final,
    provenance: create(ProvenanceSchema, {
      source: input.modelShare > 0 ? "physics+ml" : "physics",
      physicsVersion: PHYSICS_VERSION,
      modelVersion: input.modelVersion,
      modelShare: input.modelShare,
      coverage: input.coverage,
      degraded: input.degraded,
    }),
    body: input.body,
  });
  return { id, subject: subjects.fact(race, kind, car), payload: toBinary(FactSchema, fact) };
}

export function fuelFactRecord(race: string, car: string, output: FuelOutput, degraded: boolean): OutboxRecord {
  const { kind, key, revision, final, eventTimeMs, modelVersion, modelShare, coverage } = output;
  return factRecord({
    ...{ race, kind, car, key, revision, final, eventTimeMs, modelVersion, modelShare, coverage, degraded },
    body: factBody(output),
  });
}

export function windowFactRecord(
  race: string,
  car: string,
  window: BurnWindow,
  revision: number,
  coverage: number,
  degraded: boolean,
): OutboxRecord {
  return factRecord({
    ...{ race, car, revision, coverage, degraded, kind: "window", key: String(window.startMs), final: false },
    eventTimeMs: window.endMs,
    modelVersion: "",
    modelShare: 0,
    body: { case: "burnWindow", value: window },
  });
}

/** A fact about the race or the log, made by nobody's model. */
export function raceLevelFactRecord(
  race: string,
  kind: "race" | "gap",
  key: string,
  revision: number,
  eventTimeMs: number,
  body: { case: "raceState"; value: RaceFact } | { case: "dataGap"; value: DataGapFact },
  degraded: boolean,
): OutboxRecord {
  return factRecord({
    ...{ race, kind, key, revision, eventTimeMs, body, degraded, car: NO_CAR, final: false },
    modelVersion: "",
    modelShare: 0,
    coverage: 1,
  });
}

export function lateRecord(race: string, late: LateFrame): OutboxRecord {
  const car = late.frame?.car ?? NO_CAR;
  const sequence = late.frame?.sourceSequence ?? 0;
  return {
    id: `late:${car}:${sequence}:${late.frame?.eventTimeMs ?? 0}`,
    subject: subjects.late(race, car),
    payload: toBinary(LateFrameSchema, late),
  };
}

function factBody(output: FuelOutput): Fact["body"] {
  switch (output.kind) {
    case "lap":
      return { case: "lap", value: output.body };
    case "stint":
      return { case: "stint", value: output.body };
    case "stage":
      return { case: "stage", value: output.body };
    case "strategy":
      return { case: "strategy", value: output.body };
    case "alert":
      return { case: "alert", value: output.body };
  }
}
