import { FlagState } from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFrozen } from "./race-phase.ts";
import { plan } from "./race-plan.ts";
import { CONDITIONS, PHASES, type Phase, STREAM_REMOVALS, WARM_APPS } from "./race-resource.ts";
import * as day from "./testing/race-day.ts";

const { START_MS, HOUR_MS, MINUTE_MS, RaceDay, SETTINGS } = day;
const WARM_MS = START_MS - HOUR_MS;
const driving = (changes: Partial<Parameters<typeof day.feed>[0]> = {}) =>
  day.feed({ frames: 1_000, cars: 40, ...changes });

/** A race that has come so far. */
function raceDayIn(phase: Phase): InstanceType<typeof RaceDay> {
  const raceDay = new RaceDay();
  raceDay.settle(WARM_MS - HOUR_MS);
  if (phase === "Pending") return raceDay;
  raceDay.settle(WARM_MS);
  if (phase === "WarmingUp") return raceDay;
  raceDay.observed = { ...raceDay.observed, feed: driving() };
  raceDay.settle(WARM_MS + MINUTE_MS);
  if (phase === "Ready") return raceDay;
  raceDay.observed = { ...raceDay.observed, feed: driving({ flags: day.GREEN_SEEN }) };
  raceDay.settle(START_MS);
  if (phase === "Racing") return raceDay;
  raceDay.observed = { ...raceDay.observed, feed: driving({ flags: day.CHECKERED_SEEN }) };
  raceDay.settle(START_MS + 151 * MINUTE_MS);
  if (phase === "Finishing") return raceDay;
  raceDay.observed = { ...raceDay.observed, feed: driving({ flags: day.CHECKERED_SEEN, quietMs: 6 * MINUTE_MS }) };
  if (phase === "Archiving") raceDay.step(START_MS + 157 * MINUTE_MS);
  else raceDay.settle(START_MS + 157 * MINUTE_MS);
  return raceDay;
}

test("a race goes through all phases", () => {
  for (const phase of PHASES) expect(raceDayIn(phase).phase).toBe(phase);
  const phases = raceDayIn("Done").plans.map(({ status }) => status.phase);
  expect([...new Set(phases)]).toEqual(PHASES);
});

test("each phase is said once, as an event", () => {
  const said = raceDayIn("Done").plans.flatMap(({ events }) => events.map(({ reason }) => reason));
  for (const phase of PHASES) expect(said.filter((reason) => reason === phase)).toHaveLength(1);
});

describe("warm replicas", () => {
  test("are none before the warm-up and after the race, and what the race needs in between", () => {
    for (const phase of PHASES) {
      const { warm } = raceDayIn(phase).race.status!;
      const expected = isFrozen(phase) ? 2 : 0;
      expect(warm).toEqual({ ingest: expected, processor: expected, inference: expected, gateway: expected });
    }
  });

  test("follow cars and rate", () => {
    const raceDay = new RaceDay(day.race({ spec: { expectedCars: 128, sampleRateHz: 1000 } }));
    // 128,000 samples a second; 25,000 fill a core, of which half is planned.
    expect(raceDay.settle(WARM_MS).status.warm).toEqual({ ingest: 3, processor: 11, inference: 2, gateway: 2 });
  });

  test("never fall from warm-up to the end, whatever runs, is observed or is edited", () => {
    const step = fc.record({
      replicas: fc.integer({ min: 0, max: 80 }),
      cars: fc.integer({ min: 1, max: 128 }),
      minutes: fc.integer({ min: -90, max: 240 }),
      isEdited: fc.boolean(),
      flags: fc.constantFrom([], day.GREEN_SEEN, day.CHECKERED_SEEN),
      quietMs: fc.constantFrom(0, 6 * MINUTE_MS, 2 * HOUR_MS),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const raceDay = new RaceDay();
        for (const { replicas, cars, minutes, isEdited, flags, quietMs } of steps) {
          const before = raceDay.race.status;
          raceDay.observed = { ...raceDay.observed, apps: day.appsOf(replicas), feed: driving({ flags, quietMs }) };
          const generation = raceDay.race.generation + (isEdited ? 1 : 0);
          const edited = { ...raceDay.race.spec, expectedCars: isEdited ? cars : raceDay.race.spec.expectedCars };
          raceDay.race = { ...raceDay.race, generation, spec: edited };
          const { status } = raceDay.step(START_MS + minutes * MINUTE_MS);
          if (!isFrozen(status.phase)) {
            expect(Object.values(status.warm)).toEqual([0, 0, 0, 0]);
            continue;
          }
          for (const app of WARM_APPS) {
            expect(status.warm[app]).toBeGreaterThanOrEqual(Math.min(replicas, 64));
            if (before !== undefined && isFrozen(before.phase))
              expect(status.warm[app]).toBeGreaterThanOrEqual(before.warm[app]!);
          }
        }
      }),
    );
  });

  test("do not learn the extra replicas of a rollout that surges", () => {
    const raceDay = raceDayIn("Racing");
    const surging = { wanted: 2, running: 3, ready: 2 };
    raceDay.observed = { ...raceDay.observed, apps: { ...raceDay.observed.apps, processor: surging } };
    expect(raceDay.settle(START_MS + MINUTE_MS).status.warm.processor).toBe(2);
  });

  test("are never more than there are partitions", () => {
    const raceDay = raceDayIn("Racing");
    raceDay.observed = { ...raceDay.observed, apps: day.appsOf(1_000) };
    expect(raceDay.settle(START_MS + MINUTE_MS).status.warm.processor).toBe(64);
  });
});

describe("planning", () => {
  test("settles in every phase: carried out and planned again it changes nothing", () => {
    const surroundings = fc.record({
      replicas: fc.integer({ min: 0, max: 70 }),
      hasApps: fc.boolean(),
      feed: fc.option(
        fc.constantFrom(day.feed(), driving(), driving({ quietMs: HOUR_MS, flags: day.CHECKERED_SEEN })),
        {
          nil: undefined,
        },
      ),
      olderRace: fc.option(fc.constant("earlier"), { nil: undefined, freq: 4 }),
      archive: fc.constantFrom({ state: "none" as const }, { state: "running" as const }),
      ...{ hasBucket: fc.boolean(), isRoomWanted: fc.boolean() },
      minutes: fc.integer({ min: -3_000, max: 3_000 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...PHASES), surroundings, (phase, given) => {
        const from = raceDayIn(phase);
        const { olderRace, archive, isRoomWanted } = given;
        const raceDay = new RaceDay(
          from.race,
          day.observed({
            ...{ olderRace, archive, isRoomWanted, feed: given.feed, streams: from.observed.streams },
            apps: given.hasApps ? day.appsOf(given.replicas) : {},
          }),
          { ...SETTINGS, hasBucket: given.hasBucket },
        );
        raceDay.settle(START_MS + given.minutes * MINUTE_MS);
      }),
    );
  });

  test("gives every condition once, with a reason and a sentence", () => {
    for (const phase of PHASES) {
      const { conditions } = raceDayIn(phase).race.status!;
      expect(conditions.map(({ type }) => type)).toEqual(CONDITIONS);
      for (const { reason, message } of conditions) {
        expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
        expect(message).toMatch(/^[A-Za-z0-9].*\.$/);
        expect(message.length).toBeLessThanOrEqual(1024);
      }
    }
  });

  test("keeps the time of a condition until its status changes", () => {
    const raceDay = raceDayIn("WarmingUp");
    const before = raceDay.condition("CapacityReady")!;
    raceDay.settle(WARM_MS + 5 * MINUTE_MS);
    expect(raceDay.condition("CapacityReady")).toEqual(before);
    raceDay.observed = { ...raceDay.observed, apps: day.appsOf(2, 1) };
    raceDay.settle(WARM_MS + 6 * MINUTE_MS);
    expect(raceDay.condition("CapacityReady")).toMatchObject({
      ...{ status: "False", reason: "WaitingForReplicas", lastTransitionTime: "2026-02-15T18:36:00Z" },
    });
  });
});

describe("a clock", () => {
  test("that jumps back moves no race back", () => {
    for (const phase of PHASES) {
      const raceDay = raceDayIn(phase);
      raceDay.settle(WARM_MS - 100 * HOUR_MS);
      expect(raceDay.phase).toBe(phase === "Archiving" ? "Done" : phase);
    }
  });

  test("that jumps ahead by hours and returns ends no race that runs", () => {
    const raceDay = raceDayIn("Racing");
    raceDay.settle(START_MS + 20 * HOUR_MS);
    expect(raceDay.race.status!.warm.processor).toBe(2);
    raceDay.settle(START_MS + MINUTE_MS);
    expect(raceDay.phase).toBe("Finishing");
    expect(raceDay.condition("ScaleInFrozen")?.status).toBe("True");
  });
});

describe("an edit of the Race", () => {
  const edit = (raceDay: InstanceType<typeof RaceDay>, changes: Parameters<typeof day.spec>[0]) => {
    raceDay.race = {
      ...raceDay.race,
      generation: raceDay.race.generation + 1,
      spec: { ...raceDay.race.spec, ...changes },
    };
  };

  test("that postpones a race before green gives its capacity back", () => {
    for (const phase of ["WarmingUp", "Ready"] as const) {
      const raceDay = raceDayIn(phase);
      edit(raceDay, { startMs: START_MS + 24 * HOUR_MS });
      expect(raceDay.settle(WARM_MS + 2 * MINUTE_MS).status).toMatchObject({
        phase: "Pending",
        warm: { processor: 0 },
      });
    }
  });

  test("that postpones a race whose start passed in the rain makes it wait again", () => {
    const raceDay = raceDayIn("WarmingUp");
    raceDay.settle(START_MS + MINUTE_MS);
    expect(raceDay.phase).toBe("Racing");
    edit(raceDay, { startMs: START_MS + HOUR_MS });
    raceDay.settle(START_MS + 30 * MINUTE_MS);
    expect(raceDay.phase).toBe("WarmingUp");
    expect(raceDay.race.status).toMatchObject({ observedGeneration: 2, warm: { processor: 2 } });
  });

  test("in the middle of a race takes nothing away, and asks for more where it needs more", () => {
    const raceDay = raceDayIn("Racing");
    raceDay.observed = { ...raceDay.observed, apps: day.appsOf(6) };
    raceDay.settle(START_MS + MINUTE_MS);
    edit(raceDay, { startMs: START_MS + 48 * HOUR_MS, expectedCars: 4 });
    expect(raceDay.settle(START_MS + 2 * MINUTE_MS).status).toMatchObject({ phase: "Racing", warm: { processor: 6 } });
    edit(raceDay, { startMs: START_MS, expectedCars: 128, sampleRateHz: 1000 });
    expect(raceDay.settle(START_MS + 3 * MINUTE_MS).status.warm).toMatchObject({ processor: 11, gateway: 6 });
  });

  test("that makes it longer or faster asks for larger streams", () => {
    const raceDay = raceDayIn("Ready");
    edit(raceDay, { durationMinutes: 400 });
    expect(raceDay.step(WARM_MS + MINUTE_MS).commands).toMatchObject([{ type: "ensureStreams" }]);
  });
});

describe("a Race that is deleted and made anew", () => {
  test("in the middle of the race freezes at once at what runs", () => {
    const raceDay = new RaceDay(
      day.race({ uid: "uid-2", createdMs: START_MS + HOUR_MS }),
      day.observed({ apps: day.appsOf(7), feed: driving({ flags: day.GREEN_SEEN }) }),
    );
    const { status } = raceDay.step(START_MS + HOUR_MS);
    expect(status).toMatchObject({ phase: "Racing", warm: { processor: 7, gateway: 7 } });
  });

  test("after the race is archived again and done, and warms nothing up", () => {
    const flags = day.CHECKERED_SEEN;
    const raceDay = new RaceDay(day.race(), day.observed({ feed: driving({ flags, quietMs: 6 * MINUTE_MS }) }));
    raceDay.settle(START_MS + 5 * HOUR_MS);
    expect(raceDay.phase).toBe("Done");
    expect(raceDay.race.status!.warm.processor).toBe(0);
    expect(raceDay.condition("Archived")?.status).toBe("True");
  });
});

describe("conditions say what to do", () => {
  test("two Races of one release: the younger one is refused, asks for nothing and does nothing", () => {
    const made = plan(day.race(), day.observed({ olderRace: "daytona-old" }), SETTINGS, START_MS);
    expect(made.commands).toEqual([]);
    expect(made.status).toMatchObject({ phase: "Pending", warm: {} });
    expect(made.status.conditions[0]).toMatchObject({ type: "Accepted", status: "False", reason: "RaceIdTaken" });
    expect(made.status.conditions[0]!.message).toContain("daytona-old");
    expect(made.events).toContainEqual(expect.objectContaining({ type: "Warning", reason: "RaceIdTaken" }));
  });

  test.each([
    ["no release", { apps: {} }, "CapacityReady", "NoRelease", /race\.id=daytona.*spec\.raceId/],
    [
      "an app is missing",
      { apps: { processor: { wanted: 2, running: 2, ready: 2 } } },
      "CapacityReady",
      "AppsMissing",
      /ingest, gateway/,
    ],
    ["too few are ready", { apps: day.appsOf(2, 1) }, "CapacityReady", "WaitingForReplicas", /processor 1\/2/],
    ["nobody sends", {}, "FeedSeen", "NoFrames", /token/],
    ["nobody sends any more", { feed: driving({ quietMs: 31_000 }) }, "FeedSeen", "FeedQuiet", /30 s/],
    [
      "streams are refused",
      { streams: { state: "refused" as const, message: "No." } },
      "StreamReady",
      "StreamRefused",
      /^No\.$/,
    ],
  ] as const)("%s", (_, surroundings, type, reason, sentence) => {
    const made = plan(day.race(), day.observed(surroundings), SETTINGS, WARM_MS);
    const condition = made.status.conditions.find((one) => one.type === type)!;
    expect([condition.status, condition.reason]).toEqual(["False", reason]);
    expect(condition.message).toMatch(sentence);
    const ready = made.status.conditions.find((one) => one.type === "RaceReady")!;
    expect(ready.status).not.toBe("True");
  });

  test("a race that needs more disk than it may have says how much", () => {
    const made = plan(
      day.race({ spec: { durationMinutes: 1_440, retentionDays: 3 } }),
      day.observed({ streams: { state: "ready", limits: { raceBytesMax: 1, factBytesMax: 1, maxAgeMs: 1 } } }),
      SETTINGS,
      WARM_MS,
    );
    expect(made.status.conditions[1]).toMatchObject({
      type: "StreamReady",
      status: "False",
      reason: "StreamLimitTooLow",
    });
    expect(made.status.conditions[1]!.message).toMatch(/needs about 14\.9 GB and may take 8\.0: raise nats\.streamGb/);
  });

  test("what is not looked at again stays as it was known", () => {
    const raceDay = raceDayIn("Ready");
    raceDay.observed = { ...raceDay.observed, streams: { state: "unknown" }, feed: undefined };
    raceDay.step(WARM_MS + 2 * MINUTE_MS);
    expect(raceDay.phase).toBe("Ready");
    expect(raceDay.condition("RaceReady")?.status).toBe("True");
  });
});

describe("the archive", () => {
  test("is not tried without a bucket, and the Race says which setting that is", () => {
    const from = raceDayIn("Archiving");
    const raceDay = new RaceDay(
      from.race,
      { ...from.observed, archive: { state: "none" } },
      { ...SETTINGS, hasBucket: false },
    );
    raceDay.settle(START_MS + 158 * MINUTE_MS);
    expect(raceDay.phase).toBe("Done");
    expect(raceDay.condition("Archived")).toMatchObject({ status: "False", reason: "NoBucket" });
    expect(raceDay.condition("Archived")?.message).toContain("BURNLINE_S3_BUCKET");
  });

  test("that fails is tried again when that is due, for a day", () => {
    const { race } = raceDayIn("Archiving");
    const failed = (isRetryDue: boolean) =>
      day.observed({ archive: { state: "failed", message: "S3 is away.", isRetryDue } });
    const overMs = START_MS + 157 * MINUTE_MS;
    expect(plan(race, failed(false), SETTINGS, overMs + HOUR_MS).commands).toEqual([]);
    const retried = plan(race, failed(true), SETTINGS, overMs + HOUR_MS);
    expect(retried.commands).toEqual([{ type: "archiveRace" }]);
    expect(retried.status.phase).toBe("Archiving");
    const given = plan(race, failed(true), SETTINGS, overMs + 24 * HOUR_MS);
    expect(given.status.phase).toBe("Done");
    expect(given.status.conditions).toContainEqual(
      expect.objectContaining({ type: "Archived", reason: "ArchiveGivenUp" }),
    );
  });

  test("is remembered when the operator starts anew", () => {
    const done = raceDayIn("Done");
    const { status } = plan(done.race, day.observed({ feed: undefined }), SETTINGS, START_MS + 30 * HOUR_MS);
    expect(status).toEqual(done.race.status);
  });
});

describe("the streams of a race", () => {
  const next = { apps: {}, isRoomWanted: true };
  const dayAfter = (changes: object, spec: Parameters<typeof day.spec>[0] = {}) => {
    const from = raceDayIn("Done");
    const raceDay = new RaceDay({ ...from.race, spec: day.spec(spec) }, { ...from.observed, ...changes });
    raceDay.settle(START_MS + 24 * HOUR_MS);
    return raceDay.condition("StreamsRemoved");
  };

  test("go when it is archived, no release works on them and another race wants the room", () => {
    expect(dayAfter(next)).toMatchObject({ status: "True", reason: "Removed" });
    const raceDay = new RaceDay(raceDayIn("Done").race, day.observed(next));
    raceDay.settle(START_MS + 24 * HOUR_MS);
    const removed = raceDay.condition("StreamsRemoved");
    expect(removed?.lastTransitionTime).toBe("2026-02-16T19:30:00Z");
    // An operator that starts anew knows of no removal.
    raceDay.observed = day.observed({ apps: day.appsOf(2), isRoomWanted: true });
    raceDay.settle(START_MS + 48 * HOUR_MS);
    expect(raceDay.condition("StreamsRemoved")).toEqual(removed);
  });

  test.each([
    ["nobody wants the room", { apps: {} }, {}, "RoomNotNeeded"],
    ["its release is there", { isRoomWanted: true, apps: { gateway: day.appsOf(1).gateway } }, {}, "InUse"],
    ["it was not to be archived", next, { isArchived: false }, "NotArchived"],
    [
      "its archive was given up",
      { ...next, archive: { state: "failed", message: "No.", isRetryDue: true } },
      {},
      "NotArchived",
    ],
    ["its Race says so", next, { removeStreams: "Never" }, "Kept"],
  ] as const)("stay when %s", (_, changes, spec, reason) => {
    expect(dayAfter(changes, spec)).toMatchObject({ status: "False", reason });
  });

  test("go without an archive only when its Race says that too", () => {
    expect(dayAfter(next, { isArchived: false, removeStreams: "AfterRace" })).toMatchObject({ reason: "Removed" });
  });

  test("that could not be removed are tried again when that is due, and that is said", () => {
    const { race } = raceDayIn("Done");
    const failed = (isRetryDue: boolean) =>
      plan(
        race,
        day.observed({ ...next, removal: { state: "failed", message: "An object is not there.", isRetryDue } }),
        SETTINGS,
        START_MS + 24 * HOUR_MS,
      );
    expect(failed(false).commands).toEqual([]);
    expect(failed(true).commands).toEqual([{ type: "removeStreams" }]);
    expect(failed(true).events).toContainEqual(expect.objectContaining({ type: "Warning", reason: "RemovalFailed" }));
    expect(failed(true).status.conditions.at(-1)?.message).toBe("An object is not there. It is tried again.");
  });

  test("are never asked to go before the race is over and archived, in use, or for nobody", () => {
    const run = <T>(totals: T) =>
      fc.constantFrom(
        ...[{ state: "none" as const }, { state: "running" as const }, { state: "done" as const, totals }],
        { state: "failed" as const, message: "No.", isRetryDue: true },
      );
    const given = fc.record({
      phase: fc.constantFrom(...PHASES),
      apps: fc.constantFrom({}, day.appsOf(0), { ingest: day.appsOf(1).ingest }),
      archive: run({ uri: "s3://b/x", frames: 1, facts: 1, objects: 3, bytes: 100 }),
      removal: run({ streams: [] }),
      ...{ isRoomWanted: fc.boolean(), isArchived: fc.boolean(), hasBucket: fc.boolean() },
      removeStreams: fc.constantFrom(...STREAM_REMOVALS),
      hours: fc.integer({ min: -3, max: 200 }),
    });
    fc.assert(
      fc.property(given, ({ phase, hasBucket, hours, isArchived, removeStreams, ...observed }) => {
        const { race, observed: before } = raceDayIn(phase);
        const edited = { ...race, spec: day.spec({ isArchived, removeStreams }) };
        const settings = { ...SETTINGS, hasBucket };
        const made = plan(edited, { ...before, ...observed }, settings, START_MS + hours * HOUR_MS);
        if (!made.commands.some(({ type }) => type === "removeStreams")) return;
        const archived = made.status.conditions.find(({ type }) => type === "Archived");
        expect(made.status.phase).toBe("Done");
        expect(observed.isRoomWanted).toBe(true);
        expect(observed.apps).toEqual({});
        if (removeStreams !== "AfterRace") expect(archived?.status).toBe("True");
        expect(removeStreams).not.toBe("Never");
      }),
    );
  });
});

test("a red flag and rain keep the capacity of a race until it goes on", () => {
  const raceDay = raceDayIn("Racing");
  const flags = [...day.GREEN_SEEN, day.flag(FlagState.RED, START_MS + HOUR_MS)];
  raceDay.observed = { ...raceDay.observed, feed: driving({ flags, quietMs: 4 * HOUR_MS }) };
  raceDay.settle(START_MS + 6 * HOUR_MS);
  expect(raceDay.phase).toBe("Finishing");
  expect(raceDay.race.status!.warm.processor).toBe(2);
});

test("an edit in the middle of a race is taken up when its log can be read again", () => {
  const raceDay = raceDayIn("Racing");
  const spec = { ...raceDay.race.spec, startMs: START_MS + 48 * HOUR_MS };
  raceDay.race = { ...raceDay.race, generation: 2, spec };
  const seen = raceDay.observed;
  raceDay.observed = { ...seen, feed: undefined };
  expect(raceDay.settle(START_MS + MINUTE_MS).status).toMatchObject({ phase: "Racing", observedGeneration: 1 });
  raceDay.observed = seen;
  expect(raceDay.settle(START_MS + 2 * MINUTE_MS).status).toMatchObject({ phase: "Racing", observedGeneration: 2 });
});
