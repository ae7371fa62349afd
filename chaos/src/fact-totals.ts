import { createHash } from "node:crypto";
import {
  type Fact,
  FactSchema,
  fromBinary,
  type LateFrame,
  LateFrameSchema,
  parseFactSubject,
} from "@burnline/contract";
import type { LogRecord } from "@burnline/stream";
import type { BurnSum } from "./expected-totals.ts";

interface Revision extends BurnSum {
  revision: number;
}

/** The last revision of each thing that was said of one car, by its key. */
export interface SaidCar {
  readonly windows: Map<number, Revision>;
  readonly laps: Map<number, Revision>;
  readonly stints: Map<number, Revision>;
  readonly stages: Map<number, Revision>;
  /** Late samples, by the id of the late frame. */
  readonly late: Map<string, number>;
}

/** Reads the fact log as any client does: upsert by what a fact is about, the highest revision counts. */
export class FactTotals {
  readonly cars = new Map<string, SaidCar>();
  /** Digest of each fact's bytes, by its id. */
  readonly digests = new Map<string, string>();
  facts = 0;
  /** Facts that the log holds more than once, with the same bytes: the log's own de-duplication did not reach so far. */
  repeated = 0;
  readonly faults: string[] = [];

  onRecord({ subject, payload }: LogRecord): void {
    this.facts++;
    if (subject.startsWith("late.")) this.#onLate(payload);
    else if (parseFactSubject(subject) !== undefined) this.#onFact(payload);
    else this.faults.push(`the fact log holds ${subject}`);
  }

  car(car: string): SaidCar {
    const said = this.cars.get(car) ?? {
      ...{ windows: new Map(), laps: new Map(), stints: new Map(), stages: new Map(), late: new Map() },
    };
    this.cars.set(car, said);
    return said;
  }

  #onLate(payload: Uint8Array): void {
    const late = fromBinary(LateFrameSchema, payload);
    const id = lateId(late);
    this.#noteBytes(id, payload);
    this.car(late.frame?.car ?? "").late.set(id, late.lateSamples);
  }

  #onFact(payload: Uint8Array): void {
    const fact = fromBinary(FactSchema, payload);
    const isRepeated = this.#noteBytes(fact.id, payload);
    if (fact.provenance?.degraded === true) this.faults.push(`${fact.id} is marked as degraded`);
    if (fact.body.case === "dataGap") this.faults.push(`${fact.id} says that the log has a gap`);
    if (!isRepeated) this.#upsert(fact);
  }

  #upsert({ car: carId, revision, body }: Fact): void {
    const car = this.car(carId);
    if (body.case === "burnWindow") {
      const { startMs, samples, burnUg } = body.value;
      keepNewest(car.windows, startMs, { revision, samples, burnUg });
    } else if (body.case === "lap") {
      const { lapNumber, samples, physicsUg } = body.value;
      keepNewest(car.laps, lapNumber, { revision, samples, burnUg: physicsUg });
    } else if (body.case === "stint" || body.case === "stage") {
      const { samples = 0, physicsUg = 0 } = body.value.totals ?? {};
      const sum = { revision, samples, burnUg: physicsUg };
      if (body.case === "stint") keepNewest(car.stints, body.value.stintNumber, sum);
      else keepNewest(car.stages, body.value.stageNumber, sum);
    }
  }

  /** True when these bytes were there under this id before. */
  #noteBytes(id: string, payload: Uint8Array): boolean {
    const digest = digestOf(payload);
    const former = this.digests.get(id);
    this.digests.set(id, digest);
    if (former === undefined) return false;
    this.repeated++;
    if (former !== digest) this.faults.push(`I6: ${id} was said twice with different bytes`);
    return true;
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}

function lateId({ frame }: LateFrame): string {
  return `late:${frame?.car}:${frame?.sourceSequence}:${frame?.eventTimeMs}`;
}

function keepNewest(revisions: Map<number, Revision>, key: number, found: Revision): void {
  if (found.revision > (revisions.get(key)?.revision ?? -1)) revisions.set(key, found);
}
