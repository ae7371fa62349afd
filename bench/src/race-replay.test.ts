import { partitionOf, subjects } from "@burnline/contract";
import { RaceTopology } from "@burnline/processor";
import { MemoryEventLog } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import type { LogAppend } from "@burnline/stream";
import { beforeAll, describe, expect, test } from "vitest";
import { measureWindows } from "./latency-hops.ts";
import { RaceReplay, type SeenFact } from "./race-replay.ts";
import { makeTape, type TapeItem } from "./race-tape.ts";

const RACE = "replayed";
const START_MS = 1_700_000_000_000;
const SECONDS = 12;
const CARS = 3;
const SAID_AFTER_MS = 7;
const SEEN_AFTER_MS = 10;
const SHOWN_AFTER_MS = 30;
const LOGGED_AFTER_MS = 5;
const SENT_AFTER_MS = 2;

let tape: TapeItem[];
let replay: RaceReplay;
let seen: SeenFact[];

/** A chain without servers in which every hop takes a known time. */
beforeAll(async () => {
  tape = makeTape({ cars: CARS, races: 1, startMs: START_MS, seconds: SECONDS });
  const clock = new StepClock(0);
  const log = new MemoryEventLog(clock);
  for (const { dueMs, car, payload } of tape) {
    clock.advance(dueMs + SENT_AFTER_MS + LOGGED_AFTER_MS - clock.nowMs());
    const partition = partitionOf(car);
    await log.append([{ partition, subject: subjects.telemetry(RACE, partition, car), payload }]);
  }
  replay = await RaceReplay.of(RACE, log);
  seen = await factsOf(log);
});

async function factsOf(log: MemoryEventLog): Promise<SeenFact[]> {
  const facts: SeenFact[] = [];
  const topologies = new Map<number, RaceTopology>();
  const reader = await log.open({ after: 0 });
  for (const record of await reader.next(100_000, 0)) {
    const topology = topologies.get(record.partition) ?? new RaceTopology(RACE, record.partition);
    topologies.set(record.partition, topology);
    const times = { saidMs: record.appendedAtMs + SAID_AFTER_MS, seenMs: record.appendedAtMs + SEEN_AFTER_MS };
    const emit = ({ subject, payload }: Pick<LogAppend, "subject" | "payload">) => {
      if (subject.startsWith("fact.")) facts.push({ subject, payload, ...times });
    };
    topology.process(record, { emit, live: () => undefined });
  }
  return facts;
}

describe("facts that were seen", () => {
  test("balance when each came once", () => {
    const expected = seen.length;
    expect(expected).toBeGreaterThan(CARS * 8);
    expect(replay.balance(seen)).toEqual({ expected, seenOnce: expected, seenAgain: 0, missing: 0, foreign: 0 });
  });

  test.each<[string, (facts: SeenFact[]) => SeenFact[], object]>([
    ["lost", (facts) => facts.slice(1), { missing: 1, seenAgain: 0, foreign: 0 }],
    ["doubled", (facts) => [...facts, facts[0]!], { missing: 0, seenAgain: 1, foreign: 0 }],
    [
      "changed",
      (facts) => [{ ...facts[0]!, payload: facts[0]!.payload.with(-1, 250) }, ...facts.slice(1)],
      { missing: 1, seenAgain: 0, foreign: 1 },
    ],
  ])("do not when one was %s", (_, damage, found) => {
    expect(replay.balance(damage(seen))).toMatchObject({ ...found, seenOnce: seen.length - 1 });
  });

  test("none of which came are all missing", () => {
    expect(replay.balance([])).toMatchObject({ seenOnce: 0, missing: seen.length });
  });
});

describe("the way of a window", () => {
  const measured = () => {
    const sentMs = Float64Array.from(tape, ({ dueMs }) => dueMs + SENT_AFTER_MS);
    const shown = new Map(
      replay.windows
        .filter(({ revision }) => revision === 0)
        .map(({ car, startMs, loggedMs }) => [`${car}:${startMs}`, loggedMs + SAID_AFTER_MS + SHOWN_AFTER_MS]),
    );
    const span = { fromMs: START_MS + 2_000, untilMs: START_MS + 8_000 };
    return measureWindows({ span, tape, sentMs, races: [{ replay, seen, shown }] });
  };

  test("is measured hop by hop, for each window of the span once", () => {
    const { first, shown, hops } = measured();
    expect(first.samples).toBe(CARS * 6);
    expect(shown.samples).toBe(CARS * 6);
    expect(hops.untilSent).toMatchObject({ p50Ms: SENT_AFTER_MS, maxMs: SENT_AFTER_MS });
    expect(hops.untilLogged).toMatchObject({ p50Ms: LOGGED_AFTER_MS, maxMs: LOGGED_AFTER_MS });
    expect(hops.untilSaid).toMatchObject({ p50Ms: SAID_AFTER_MS, maxMs: SAID_AFTER_MS });
    expect(hops.untilSeen).toMatchObject({ p50Ms: SEEN_AFTER_MS - SAID_AFTER_MS });
    expect(hops.untilShown).toMatchObject({ p50Ms: SHOWN_AFTER_MS });
  });

  test("is as long as its hops together", () => {
    const { first, hops } = measured();
    const afterDueMs = SENT_AFTER_MS + LOGGED_AFTER_MS + SEEN_AFTER_MS;
    expect(first.p50Ms).toBe(hops.untilDue.p50Ms + afterDueMs);
    expect(first.maxMs).toBe(hops.untilDue.maxMs + afterDueMs);
  });

  test("ends with the last revision no sooner than with the first", () => {
    const { first, last, corrections } = measured();
    expect(last.samples).toBe(first.samples);
    expect(last.maxMs).toBeGreaterThanOrEqual(first.maxMs);
    expect(corrections).toBeGreaterThanOrEqual(0);
  });
});
