import {
  create,
  FactSchema,
  fromBinary,
  parseFactSubject,
  subjects,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import type { OutboxRecord } from "@burnline/stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OUT_OF_ORDERNESS_MS } from "./car-pipeline.ts";
import { RaceTopology } from "./topology.ts";

const RACE = "r";
const PARTITION = 0;
const CAR = "24";
const START_MS = 1_750_000_000_000;
const FRAME_MS = 100;
const SAMPLES_PER_WINDOW = 120;

/** One car's partition, and what its windows said. */
function ride(phaseMs: number = 0) {
  const topology = new RaceTopology(RACE, PARTITION);
  let position = 0;
  return {
    /** The window revisions that this frame makes: [start in s, revision, samples]. */
    send(sequence: number, slot: number = sequence): [number, number, number][] {
      const sent = frame({ car: CAR, sourceSequence: sequence, eventTimeMs: START_MS + phaseMs + slot * FRAME_MS });
      const said: [number, number, number][] = [];
      const emit = ({ subject, payload }: OutboxRecord) => {
        if (parseFactSubject(subject)?.kind !== "window") return;
        const { revision, body } = fromBinary(FactSchema, payload);
        if (body.case !== "burnWindow") return;
        said.push([(body.value.startMs - START_MS) / 1_000, revision, body.value.samples]);
      };
      topology.process(
        {
          ...{ position: ++position, partition: PARTITION, appendedAtMs: 0 },
          subject: subjects.telemetry(RACE, PARTITION, CAR),
          payload: toBinary(TelemetryFrameSchema, sent),
        },
        { emit, live: () => undefined },
      );
      return said;
    },
  };
}

describe("the first result of a window", () => {
  test("comes with the first frame behind it when nothing is missing", () => {
    const car = ride();
    for (let sequence = 0; sequence < 10; sequence++) expect(car.send(sequence)).toEqual([]);
    expect(car.send(10)).toEqual([[0, 0, SAMPLES_PER_WINDOW]]);
  });

  test("waits for a missing frame, and holds it when it comes", () => {
    const car = ride();
    for (const sequence of [0, 1, 2, 3, 4, 5, 6, 7, 8]) car.send(sequence);
    expect(car.send(10)).toEqual([]);
    expect(car.send(9)).toEqual([[0, 0, SAMPLES_PER_WINDOW]]);
  });

  test("waits no longer than the bound for a frame that never comes", () => {
    const car = ride();
    for (const sequence of [0, 1, 2, 3, 4, 5, 6, 7, 8]) car.send(sequence);
    let sequence = 10;
    while (car.send(sequence).length === 0) sequence++;
    // The newest sample lies this far behind the window's end; the rest of a frame comes on top of the bound.
    const waitedMs = (sequence - 10) * FRAME_MS + 91;
    expect(waitedMs).toBeGreaterThanOrEqual(OUT_OF_ORDERNESS_MS);
    expect(waitedMs).toBeLessThan(OUT_OF_ORDERNESS_MS + FRAME_MS);
    // And then nothing waits any more.
    for (let next = sequence + 1; next < 20; next++) expect(car.send(next)).toEqual([]);
    expect(car.send(20)).toEqual([[1, 0, SAMPLES_PER_WINDOW]]);
  });

  test("lacks nothing that has come, wherever frames begin", () => {
    for (const phaseMs of [10, 30, 50, 70, 90]) {
      const car = ride(phaseMs);
      const said = Array.from({ length: 35 }, (_, sequence) => car.send(sequence)).flat();
      const whole = said.filter(([startS]) => startS > 0);
      expect(whole).toEqual([
        [1, 0, SAMPLES_PER_WINDOW],
        [2, 0, SAMPLES_PER_WINDOW],
      ]);
    }
  });

  test("is the only one, whatever the order of frames that are overtaken by one other at most", () => {
    const swaps = fc.array(fc.boolean(), { minLength: 34, maxLength: 34 });
    fc.assert(
      fc.property(swaps, (isSwapped) => {
        const order = Array.from({ length: 35 }, (_, sequence) => sequence);
        for (let at = 0; at + 1 < order.length; at++) {
          if (!isSwapped[at]) continue;
          order.splice(at, 2, order[at + 1]!, order[at]!);
          at++;
        }
        const car = ride();
        expect(order.flatMap((sequence) => car.send(sequence))).toEqual([
          [0, 0, SAMPLES_PER_WINDOW],
          [1, 0, SAMPLES_PER_WINDOW],
          [2, 0, SAMPLES_PER_WINDOW],
        ]);
      }),
    );
  });

  test("waits for nothing after the source began to count anew either", () => {
    const car = ride();
    for (let sequence = 300; sequence < 310; sequence++) car.send(sequence);
    for (let sequence = 0; sequence < 10; sequence++) car.send(sequence, 310 + sequence);
    expect(car.send(10, 320)).toEqual([[31, 0, SAMPLES_PER_WINDOW]]);
  });

  test("of a car that is first heard in the middle of its race waits only for the first frames", () => {
    const car = ride();
    for (let sequence = 300; sequence < 310; sequence++) car.send(sequence);
    expect(car.send(310)).toEqual([[30, 0, SAMPLES_PER_WINDOW]]);
  });
});

test("after a gap in the log the race is told, and every fact of the partition says degraded, also after a restart", () => {
  const facts: ReturnType<typeof fromBinary<typeof FactSchema>>[] = [];
  const output = {
    emit: ({ subject, payload }: OutboxRecord) => {
      if (parseFactSubject(subject) !== undefined) facts.push(fromBinary(FactSchema, payload));
    },
    live: () => undefined,
  };
  const feed = (topology: RaceTopology, from: number, to: number) => {
    for (let sequence = from; sequence < to; sequence++) {
      const sent = frame({ car: CAR, sourceSequence: sequence, eventTimeMs: START_MS + sequence * FRAME_MS });
      topology.process(
        {
          ...{ position: 100 + sequence, partition: PARTITION, appendedAtMs: 0 },
          subject: subjects.telemetry(RACE, PARTITION, CAR),
          payload: toBinary(TelemetryFrameSchema, sent),
        },
        output,
      );
    }
    return facts.splice(0);
  };
  const topology = new RaceTopology(RACE, PARTITION);
  const degradedOf = (said: typeof facts) => new Set(said.map(({ provenance }) => provenance?.degraded));
  expect(degradedOf(feed(topology, 0, 25))).toEqual(new Set([false]));
  topology.onDataGap(7, 42, output);
  const body = { partition: PARTITION, firstMissingPosition: 7, firstPresentPosition: 42 };
  expect(facts.splice(0)).toMatchObject([{ body: { case: "dataGap", value: body }, provenance: { degraded: true } }]);
  expect(degradedOf(feed(topology, 25, 45))).toEqual(new Set([true]));

  const entries = new Map(
    [...topology.takeChanges()].flatMap(([key, bytes]) => (bytes === null ? [] : [[key, bytes]])),
  );
  const heir = new RaceTopology(RACE, PARTITION);
  heir.restore(entries as Map<string, Uint8Array>);
  expect(degradedOf(feed(heir, 45, 65))).toEqual(new Set([true]));
});

describe("a tick", () => {
  const DAY_MS = 86_400_000;
  const drive = (topology: RaceTopology, from: number, to: number, tickAheadMs = 0) => {
    const output = { emit: () => undefined, live: () => undefined };
    const record = { position: 1, partition: PARTITION, appendedAtMs: 0 };
    for (let sequence = from; sequence < to; sequence++) {
      const eventTimeMs = START_MS + sequence * FRAME_MS;
      const payload = toBinary(TelemetryFrameSchema, frame({ car: CAR, sourceSequence: sequence, eventTimeMs }));
      topology.process({ ...record, subject: subjects.telemetry(RACE, PARTITION, CAR), payload }, output);
      if (sequence % 10 !== 9) continue;
      const tick = toBinary(TickSchema, create(TickSchema, { eventTimeMs: eventTimeMs + tickAheadMs }));
      topology.process({ ...record, subject: subjects.tick(RACE, PARTITION), payload: tick }, output);
    }
    return topology;
  };

  test("of a clock that is wrong by days wipes nobody's totals: it counts as one tick, whatever it says", () => {
    for (const wrongByMs of [-DAY_MS, DAY_MS, 365 * DAY_MS]) {
      const topology = drive(drive(drive(new RaceTopology(RACE, PARTITION), 0, 30), 30, 60, wrongByMs), 60, 90);
      expect(topology.carCounts().get(CAR)).toMatchObject({ frames: 90, lateSamples: 0, correctedSamples: 0 });
      const honest = drive(new RaceTopology(RACE, PARTITION), 0, 90);
      expect(topology.takeChanges()).toEqual(honest.takeChanges());
    }
  });
});
