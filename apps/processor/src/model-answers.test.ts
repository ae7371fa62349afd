import {
  create,
  FactSchema,
  fromBinary,
  ML_SCHEMA_VERSION,
  MlCorrectionSchema,
  parseFactSubject,
  subjects,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import type { OutboxRecord } from "@burnline/stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RaceTopology } from "./topology.ts";

const RACE = "r";
const PARTITION = 0;
const CAR = "24";
const START_MS = 1_750_000_000_000;
const FRAME_MS = 100;
const FRAMES = 35;
const LATE_FRAME = 5;

interface StoredFuel {
  readonly fuel: {
    readonly course: { readonly ledger: { readonly race: { readonly totals: { modelDeltaUg: number } } } };
  };
}

/** A car whose first window was said again when a late frame had come, and what the model adds to its race. */
function corrected() {
  const topology = new RaceTopology(RACE, PARTITION);
  const revisions: number[] = [];
  const emit = ({ subject, payload }: OutboxRecord) => {
    if (parseFactSubject(subject) === undefined) return;
    const { revision, body } = fromBinary(FactSchema, payload);
    if (body.case === "burnWindow" && body.value.startMs === START_MS) revisions.push(revision);
  };
  let position = 0;
  const process = (subject: string, payload: Uint8Array) => {
    const record = { position: ++position, partition: PARTITION, appendedAtMs: 0, subject, payload };
    topology.process(record, { emit, live: () => undefined });
  };
  const send = (sequence: number) => {
    const sent = frame({ car: CAR, sourceSequence: sequence, eventTimeMs: START_MS + sequence * FRAME_MS });
    process(subjects.telemetry(RACE, PARTITION, CAR), toBinary(TelemetryFrameSchema, sent));
  };
  const tick = () =>
    process(subjects.tick(RACE, PARTITION), toBinary(TickSchema, create(TickSchema, { eventTimeMs: START_MS })));
  for (let sequence = 0; sequence < FRAMES; sequence++) if (sequence !== LATE_FRAME) send(sequence);
  send(LATE_FRAME);
  tick();
  expect(revisions).toEqual([0, 1]);
  return {
    answer: (windowRevision: number, logRatioPpm: number) => {
      const ratios = { logRatioPpmP10: logRatioPpm, logRatioPpmP50: logRatioPpm, logRatioPpmP90: logRatioPpm };
      const answer = { schemaVersion: ML_SCHEMA_VERSION, car: CAR, windowStartMs: START_MS, windowRevision, ...ratios };
      process(
        subjects.ml(RACE, PARTITION, CAR),
        toBinary(MlCorrectionSchema, create(MlCorrectionSchema, { ...answer, modelVersion: "m" })),
      );
    },
    /** As the state says it: facts are said now and then only. */
    addedUg: () => {
      const [bytes] = [...topology.takeChanges()].flatMap(([key, value]) =>
        key.endsWith(CAR) && value !== null ? [value] : [],
      );
      const { fuel } = JSON.parse(new TextDecoder().decode(bytes)) as StoredFuel;
      return fuel.course.ledger.race.totals.modelDeltaUg;
    },
  };
}

function addedBy(...answers: readonly (readonly [number, number])[]): number {
  const car = corrected();
  for (const [revision, logRatioPpm] of answers) car.answer(revision, logRatioPpm);
  return car.addedUg();
}

test("a window whose question was put again counts the answer to the last one, whenever and however often the first is answered", () => {
  const ratio = fc.integer({ min: -300_000, max: 300_000 });
  fc.assert(
    fc.property(ratio, ratio, fc.array(fc.boolean(), { maxLength: 4 }), (first, last, others) => {
      const answers = others.map((isLast) => (isLast ? ([1, last] as const) : ([0, first] as const)));
      const around = answers.length === 0 ? 0 : answers.length >> 1;
      const all = [...answers.slice(0, around), [1, last] as const, ...answers.slice(around)];
      expect(addedBy(...all)).toBe(addedBy([1, last]));
    }),
  );
});

test("an answer to the first question counts while the last one has none", () => {
  expect(addedBy([0, 100_000])).toBe(addedBy([1, 100_000]));
  expect(addedBy([0, 100_000])).toBeGreaterThan(0);
});
