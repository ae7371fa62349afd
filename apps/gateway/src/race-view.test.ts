import {
  CARS_MAX,
  CarViewSchema,
  type Fact,
  FlagState,
  type LiveValue,
  RaceViewSchema,
  toJson,
} from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LAPS_PER_CAR_MAX, STALE_AFTER_MS } from "./limits.ts";
import { RaceView } from "./race-view.ts";
import {
  alertFact,
  lapFact,
  liveValue,
  RACE,
  raceFact,
  START_MS,
  stageFact,
  stintFact,
  strategyFact,
  windowFact,
} from "./testing/race-inputs.ts";

type Input = { readonly fact: Fact } | { readonly live: LiveValue };

function apply(view: RaceView, input: Input): void {
  if ("fact" in input) view.applyFact(input.fact);
  else view.applyLive(input.live);
}

function viewOf(inputs: readonly Input[]): RaceView {
  const view = new RaceView(RACE);
  for (const input of inputs) apply(view, input);
  view.seal(undefined);
  return view;
}

/** Everything that clients can see, in comparable form. */
function shown(view: RaceView) {
  return {
    race: toJson(RaceViewSchema, view.raceView),
    cars: view.cars().map((car) => toJson(CarViewSchema, car)),
    laps: view.cars().map((car) => view.car(car.car)?.laps.all()),
    stints: view.cars().map((car) => view.car(car.car)?.stints.all()),
    stages: view.cars().map((car) => view.car(car.car)?.stages.all()),
    alerts: view.alerts(),
  };
}

const car = fc.constantFrom("4", "24", "48");
const revision = fc.nat(3);
const anyInput: fc.Arbitrary<Input> = fc.oneof(
  fc.tuple(car, fc.nat(20), revision).map(([id, lap, rev]) => ({ fact: lapFact(id, lap + 1, rev) })),
  fc.tuple(car, fc.nat(20), revision).map(([id, second, rev]) => ({ fact: windowFact(id, second, rev) })),
  fc.tuple(car, fc.nat(3), revision).map(([id, stint, rev]) => ({ fact: stintFact(id, stint, rev) })),
  fc.tuple(car, fc.nat(3), revision).map(([id, stage, rev]) => ({ fact: stageFact(id, stage, rev) })),
  fc.tuple(car, fc.nat(20), revision).map(([id, lap, rev]) => ({ fact: strategyFact(id, lap, rev) })),
  fc.tuple(car, revision).map(([id, rev]) => ({ fact: alertFact(id, rev, rev % 2 === 0) })),
  fc.tuple(revision).map(([rev]) => ({ fact: raceFact(["4", "24", "48"].slice(0, 1 + (rev % 3)), rev) })),
  fc
    .tuple(car, fc.nat(20_000))
    .map(([id, ms]) => ({ live: liveValue(id, ms, { lapNumber: 1 + (ms >> 12), lapPositionPpm: (ms * 37) % 1e6 }) })),
);

describe("race view: laws", () => {
  test("the view does not depend on the order of the inputs nor on their repetition", () => {
    const shuffled = fc
      .array(anyInput, { maxLength: 60 })
      .chain((inputs) =>
        fc.tuple(
          fc.constant(inputs),
          fc.shuffledSubarray([...inputs, ...inputs], { minLength: inputs.length * 2, maxLength: inputs.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([inputs, again]) => {
        expect(shown(viewOf(again))).toEqual(shown(viewOf(inputs)));
      }),
      { numRuns: 300 },
    );
  });

  test("I9: nothing shown ever goes back in event time or revision", () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 80 }), (inputs) => {
        const view = new RaceView(RACE);
        const before = new Map<string, number[]>();
        let raceTimeMs = 0;
        for (const input of inputs) {
          apply(view, input);
          view.seal(undefined);
          expect(view.eventTimeMs).toBeGreaterThanOrEqual(raceTimeMs);
          raceTimeMs = view.eventTimeMs;
          for (const one of view.cars()) {
            const revisions = [
              // Start and revision as one number that has to rise.
              (one.lastLap?.startMs ?? 0) * 10 + one.lastLapRevision,
              (one.lastWindow?.startMs ?? 0) * 10 + one.lastWindowRevision,
              one.live?.eventTimeMs ?? 0,
              one.eventTimeMs,
              one.stint?.stintNumber ?? -1,
              one.stage?.stageNumber ?? -1,
              one.strategy?.lapNumber ?? -1,
            ];
            const held = before.get(one.car);
            revisions.forEach((value, index) => {
              expect(value).toBeGreaterThanOrEqual(held?.[index] ?? -1);
            });
            before.set(one.car, revisions);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("snapshot plus deltas equals the whole view, whatever versions a client skips", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyInput, fc.boolean()), { maxLength: 60 }), (steps) => {
        const view = new RaceView(RACE);
        const cars = new Map<string, Record<string, unknown>>();
        const laps = new Map<string, Fact>();
        let version = -1;
        const catchUp = () => {
          view.seal(undefined);
          for (const topic of [{ type: "board" }, { type: "car", car: "24" }] as const) {
            const content = version < 0 ? view.content(topic) : view.changedSince(topic, version);
            for (const one of content?.cars ?? []) {
              // What a delta leaves out has not changed.
              const parts = Object.entries(one).filter(([, value]) => value !== undefined);
              const held = cars.get(one.car);
              const isDelta = held !== undefined;
              const isKept = (name: string) =>
                isDelta &&
                ((name === "lastLapRevision" && one.lastLap === undefined) ||
                  (name === "lastWindowRevision" && one.lastWindow === undefined));
              cars.set(one.car, { ...held, ...Object.fromEntries(parts.filter(([name]) => !isKept(name))) });
            }
            for (const lap of content?.laps ?? []) laps.set(lap.id.slice(0, lap.id.lastIndexOf(":")), lap);
          }
          version = view.version;
        };
        for (const [input, isSeen] of steps) {
          apply(view, input);
          if (isSeen) catchUp();
        }
        catchUp();
        // A withdrawn entry that never spoke: the definition in the same delta no longer names it.
        const entered = new Set(view.raceView.definition?.entries.map((entry) => entry.car));
        for (const [id, one] of cars) if (one.eventTimeMs === 0 && !entered.has(id)) cars.delete(id);
        const whole = Object.fromEntries(view.cars().map((one) => [one.car, { ...one }]));
        expect(Object.fromEntries(cars)).toEqual(whole);
        expect([...laps.values()].map((lap) => lap.id).sort()).toEqual(
          (view.car("24")?.laps.all() ?? []).map((lap) => lap.id).sort(),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("a delta from the newest version is empty, and a seal without change keeps the version", () => {
    const view = viewOf([{ fact: raceFact(["4", "24"]) }, { live: liveValue("4", 100) }]);
    const { version } = view;
    expect(view.changedSince({ type: "board" }, version)).toBeUndefined();
    expect(view.seal(undefined)).toBe(version);
    expect(view.applyLive(liveValue("4", 100))).toBe("older");
    expect(view.seal(undefined)).toBe(version);
  });
});

describe("race view: running order and staleness", () => {
  test("the leader is who has driven furthest; cars without a position have place 0 and come last", () => {
    const view = viewOf([
      { live: liveValue("1", 0, { lapNumber: 7, lapPositionPpm: 100_000 }) },
      { live: liveValue("2", 0, { lapNumber: 6, lapPositionPpm: 900_000 }) },
      { live: liveValue("3", 0, { lapNumber: 7, lapPositionPpm: 200_000 }) },
      { live: liveValue("4", 0, { lapNumber: 0, lapPositionPpm: 0 }) },
      { fact: lapFact("5", 3) },
    ]);
    expect(view.cars().map((one) => [one.car, one.position])).toEqual([
      ["3", 1],
      ["1", 2],
      ["2", 3],
      ["4", 0],
      ["5", 0],
    ]);
    expect(view.raceView.leaderLapNumber).toBe(7);
  });

  test("two cars nose to tail do not swap places because one value is older", () => {
    // On a 3218 m track 78 m/s for 90 ms are 2182 ppm: the older value of the car in front reads 1000 ppm less.
    const view = viewOf([
      { fact: raceFact(["1", "2"]) },
      { live: liveValue("1", 0, { lapPositionPpm: 500_000 }) },
      { live: liveValue("2", 90, { lapPositionPpm: 501_000 }) },
    ]);
    expect(view.cars().map((one) => one.car)).toEqual(["1", "2"]);
  });

  test("a car is stale when the race has moved on without it, by event time only", () => {
    const view = viewOf([{ live: liveValue("1", 0) }, { live: liveValue("2", STALE_AFTER_MS) }]);
    expect(view.car("1")?.view.stale).toBe(false);
    view.applyLive(liveValue("2", STALE_AFTER_MS + 1));
    view.seal(undefined);
    expect(view.car("1")?.view.stale).toBe(true);
    expect([view.raceView.carsTotal, view.raceView.carsStale]).toEqual([2, 1]);
    view.applyLive(liveValue("1", STALE_AFTER_MS));
    view.seal(undefined);
    expect(view.car("1")?.view.stale).toBe(false);
  });

  test("one car whose clock runs ahead does not make the others stale", () => {
    const view = viewOf(["1", "2", "3", "4"].map((id) => ({ live: liveValue(id, id === "4" ? 3_600_000 : 100) })));
    expect(view.raceView.carsStale).toBe(0);
    expect(view.eventTimeMs).toBe(START_MS + 100);
  });

  test("an entry without telemetry is on the board with its driver, and stale", () => {
    const view = viewOf([{ fact: raceFact(["4", "24"]) }]);
    expect(view.cars().map((one) => [one.car, one.entry?.driver, one.stale])).toEqual([
      ["24", "Driver 24", true],
      ["4", "Driver 4", true],
    ]);
    expect(view.raceView.flag).toBe(FlagState.GREEN);
  });
});

describe("race view: caps and refusals", () => {
  test("a car keeps its last 400 laps", () => {
    const view = new RaceView(RACE);
    for (let lap = 1; lap <= LAPS_PER_CAR_MAX + 10; lap++) view.applyFact(lapFact("24", lap));
    expect(view.applyFact(lapFact("24", 3, 1))).toBe("older");
    const laps = view.car("24")?.laps.all() ?? [];
    expect(laps).toHaveLength(LAPS_PER_CAR_MAX);
    expect(laps[0]?.id).toBe("lap:24:11:0");
  });

  test("at the cap a retracted alert leaves before any active one", () => {
    const view = new RaceView(RACE);
    view.applyFact(alertFact("1", 900, false, "late-but-over"));
    for (let index = 0; index < 520; index++) view.applyFact(alertFact("24", index % 9, true, `s${index}`));
    expect(view.alerts()).toHaveLength(512);
    expect(view.alerts().every((fact) => fact.body.case === "alert" && fact.body.value.active)).toBe(true);
  });

  test("each refusal has its reason and changes nothing", () => {
    const view = viewOf([{ fact: lapFact("24", 1) }]);
    const before = shown(view);
    const broken = (change: Partial<Fact>) => view.applyFact({ ...lapFact("24", 2), ...change } as Fact);
    expect(broken({ schemaVersion: 99 })).toBe("unknown-schema-version");
    expect(broken({ race: "other" })).toBe("foreign-race");
    expect(broken({ car: "a.b" })).toBe("bad-car-id");
    expect(broken({ eventTimeMs: Number.NaN })).toBe("bad-event-time");
    expect(broken({ body: { case: undefined } })).toBe("empty");
    expect(view.applyLive(liveValue("24", 0, { eventTimeMs: Number.POSITIVE_INFINITY }))).toBe("bad-event-time");
    expect(view.applyLive(liveValue("24", 0, { race: "other" }))).toBe("foreign-race");
    view.seal(undefined);
    expect(shown(view)).toEqual(before);
  });

  test("the car beyond the cap is refused, the others go on", () => {
    const view = new RaceView(RACE);
    for (let index = 0; index < CARS_MAX; index++) expect(view.applyLive(liveValue(`c${index}`, 0))).toBe("applied");
    expect(view.applyLive(liveValue("one-more", 0))).toBe("too-many-cars");
    expect(view.applyLive(liveValue("c0", 1))).toBe("applied");
  });
});
