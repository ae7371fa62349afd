import { CARS_MAX, FlagState, MESSAGE_BYTES_MAX, TelemetryFrameSchema, toBinary } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Admission, CAR_SAMPLES_BURST_MAX } from "./admission.ts";
import { CONTROLS_BURST_MAX, ControlAdmission } from "./control-admission.ts";
import { controlEvent, race } from "./testing.ts";
import { TokenBucket } from "./token-bucket.ts";

const T = 1_750_000_000_000;
const open = (overrides = {}) => new Admission(race({ closedEntryList: false, ...overrides }));
const reason = (admission: Admission, bytes: Uint8Array, arrivalMs = T) => {
  const admitted = admission.admitBytes(bytes, arrivalMs);
  return admitted.ok ? undefined : admitted.error.reason;
};
const bytesOf = (overrides: Parameters<typeof frame>[0] = {}) => toBinary(TelemetryFrameSchema, frame(overrides));

describe("a frame", () => {
  test.each([
    ["sound", bytesOf(), undefined],
    ["too large", new Uint8Array(MESSAGE_BYTES_MAX + 1), "too-large"],
    ["of 10 MB", new Uint8Array(10_000_000), "too-large"],
    ["not protobuf", new Uint8Array([0xff, 0xff, 0xff]), "undecodable"],
    ["empty", new Uint8Array(0), "unknown-schema-version"],
    ["of another schema", bytesOf({ schemaVersion: 9 }), "unknown-schema-version"],
    ["with a dot in the car", bytesOf({ car: "2.4" }), "bad-car-id"],
    ["with a space in the car", bytesOf({ car: "2 4" }), "bad-car-id"],
    ["with a wildcard for a car", bytesOf({ car: ">" }), "bad-car-id"],
    ["with 10 kB of car", bytesOf({ car: "x".repeat(10_240) }), "bad-car-id"],
    ["without samples", bytesOf({ offsetMs: [] }), "no-samples"],
    ["with a short column", bytesOf({ rpmTenths: [1] }), "column-length"],
    ["without throttle", bytesOf({ throttleBasisPoints: [] }), "column-length"],
    ["with 65 samples", bytesOf({ offsetMs: Array(65).fill(0) }), "too-many-samples"],
    ["with throttle over 100 %", bytesOf({ throttleBasisPoints: Array(12).fill(10_001) }), "out-of-range"],
    ["with NaN for a rate", bytesOf({ sampleRateHz: Number.NaN }), "bad-sample-rate"],
    ["with NaN for a time", bytesOf({ eventTimeMs: Number.NaN }), "bad-event-time"],
    ["from the future", bytesOf({ eventTimeMs: T + 1_000 }), "future-time"],
    ["at the edge of the future", bytesOf({ eventTimeMs: T + 900 }), undefined],
    ["from long ago", bytesOf({ eventTimeMs: T - 60_001 }), "ancient-time"],
    ["from a minute ago", bytesOf({ eventTimeMs: T - 60_000 }), undefined],
  ])("%s", (_, bytes, expected) => {
    expect(reason(open(), bytes)).toBe(expected);
  });

  test("of a car that is not on a closed entry list is refused", () => {
    const admission = new Admission(race({ closedEntryList: true }));
    expect(reason(admission, bytesOf({ car: "24" }))).toBeUndefined();
    expect(reason(admission, bytesOf({ car: "99" }))).toBe("unknown-car");
  });
});

describe("one car's faults never touch another", () => {
  test("a car that sends too much is slowed alone, and gets its rate back with time", () => {
    const admission = open();
    let admitted = 0;
    for (let count = 0; count < 2_000; count++) if (reason(admission, bytesOf({ car: "99" })) === undefined) admitted++;
    expect(admitted).toBe(CAR_SAMPLES_BURST_MAX / 12);
    expect(reason(admission, bytesOf({ car: "99" }))).toBe("rate-exceeded");
    expect(reason(admission, bytesOf({ car: "24" }))).toBeUndefined();
    expect(reason(admission, bytesOf({ car: "99", eventTimeMs: T + 1000 }), T + 1000)).toBeUndefined();
  });

  test("invented cars cannot take the place of a listed one", () => {
    const admission = open();
    const faults = Array.from({ length: 300 }, (_, index) => reason(admission, bytesOf({ car: `x${index}` })));
    expect(faults.filter((fault) => fault === undefined)).toHaveLength(CARS_MAX - 1);
    expect(faults.at(-1)).toBe("too-many-cars");
    expect(reason(admission, bytesOf({ car: "24" }))).toBeUndefined();
  });

  test("whatever is mixed in, the sound frames of the others are admitted", () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(), fc.nat(255)).map(([at, value]) => {
        const bytes = bytesOf({ car: "99" });
        bytes[at % bytes.length] = value;
        return bytes;
      }),
    );
    const admission = new Admission(race({ closedEntryList: false, entries: [...race().entries] }));
    let arrivalMs = T;
    fc.assert(
      fc.property(garbage, (bytes) => {
        arrivalMs += 100;
        const before = admission.admitBytes(bytes, arrivalMs);
        if (before.ok) expect(before.value.offsetMs.length).toBeGreaterThan(0);
        expect(reason(admission, bytesOf({ car: "24", eventTimeMs: arrivalMs }), arrivalMs)).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("the time of a car that counts on where it was, and is wrong all of a sudden,", () => {
  const at = (arrivalMs: number, sequence: number) =>
    ({ reason: "future-time", car: "24", sequence, arrivalMs }) as const;
  const known = () => {
    const admission = new Admission(race());
    expect(reason(admission, bytesOf({ car: "24", sourceSequence: 100, eventTimeMs: T }))).toBeUndefined();
    return (arrivalMs: number, sequence: number) => admission.isClockInDoubt(at(arrivalMs, sequence), arrivalMs);
  };

  test("may be our clock's, for ten seconds a minute", () => {
    const isInDoubt = known();
    const doubted = Array.from({ length: 180 }, (_, second) => isInDoubt(T + second * 1_000, 101 + second));
    expect(doubted.filter((one) => one)).toHaveLength(30);
    expect(doubted.slice(8, 12)).toEqual([true, true, false, false]);
    expect(doubted.slice(58, 62)).toEqual([false, false, true, true]);
  });

  test("is not when it does not count on, or is of a car that was never admitted", () => {
    const isInDoubt = known();
    for (const sequence of [0, 99, 100, 701]) expect(isInDoubt(T, sequence)).toBe(false);
    expect(new Admission(race()).isClockInDoubt(at(T, 101), T)).toBe(false);
  });
});

test("a clock that is set back neither fills a car's allowance nor stops filling it", () => {
  const bucket = new TokenBucket(10, 100, T);
  expect(bucket.take(100, T)).toBe(true);
  expect(bucket.take(1, T - 3_600_000)).toBe(false);
  expect(bucket.take(10, T - 3_600_000 + 1_000)).toBe(true);
  expect(bucket.take(1, T - 3_600_000 + 1_000)).toBe(false);
});

describe("a control event", () => {
  const fresh = () => new ControlAdmission("test", (car) => (car === "24" ? undefined : "unknown-car"));
  const flag = { case: "flagChanged", value: { flag: FlagState.CAUTION } } as const;
  test.each<[string, Parameters<typeof controlEvent>[0], string | undefined]>([
    ["sound", {}, undefined],
    ["of another schema", { schemaVersion: 2 }, "unknown-schema-version"],
    ["without an id", { id: "" }, "bad-control-id"],
    ["with a space in its id", { id: "a b" }, "bad-control-id"],
    ["with 10 kB of id", { id: "x".repeat(10_240) }, "bad-control-id"],
    ["without a body", { event: { case: undefined } }, "empty-control"],
    ["with NaN for a time", { effectiveFromMs: Number.NaN }, "bad-event-time"],
    ["from the future", { effectiveFromMs: T + 1_001 }, "future-time"],
    ["from a day ago", { effectiveFromMs: T - 25 * 3_600_000 }, "ancient-time"],
    [
      "with an unspecified flag",
      { event: { case: "flagChanged", value: { flag: FlagState.UNSPECIFIED } } },
      "out-of-range",
    ],
    ["with an unknown flag", { event: { case: "flagChanged", value: { flag: 99 as FlagState } } }, "out-of-range"],
    ["for a car with dots", { event: { case: "pitRoadEntered", value: { car: "2.4" } } }, "bad-car-id"],
    ["for an unknown car", { event: { case: "pitRoadEntered", value: { car: "99" } } }, "unknown-car"],
    [
      "with a fill of NaN litres",
      { event: { case: "fuelFilled", value: { car: "24", litres: Number.NaN } } },
      "out-of-range",
    ],
    ["with a negative fill", { event: { case: "fuelFilled", value: { car: "24", litres: -1 } } }, "out-of-range"],
    [
      "with a race definition of another race",
      { event: { case: "raceDefinition", value: race({ race: "other" }) } },
      "foreign-race",
    ],
    [
      "with a car twice",
      { event: { case: "raceDefinition", value: race({ entries: [race().entries[0]!, race().entries[0]!] }) } },
      "bad-race-definition",
    ],
    [
      "with stages that fall",
      { event: { case: "raceDefinition", value: race({ stageEndLaps: [50, 20] }) } },
      "bad-race-definition",
    ],
  ])("%s", (_, overrides, expected) => {
    const admitted = fresh().admit(controlEvent({ effectiveFromMs: T, event: flag, ...overrides }), T);
    expect(admitted.ok ? undefined : admitted.error).toBe(expected);
  });

  test("sent twice counts once", () => {
    const admission = fresh();
    const event = controlEvent({ effectiveFromMs: T, event: flag });
    expect(admission.admit(event, T)).toMatchObject({ ok: true, value: { kind: "flag_changed" } });
    expect(admission.admit(event, T)).toEqual({ ok: false, error: "duplicate-control" });
  });

  test("flood is refused beyond its burst, and passes again later", () => {
    const admission = fresh();
    const send = (index: number, arrivalMs: number) =>
      admission.admit(controlEvent({ id: `e${index}`, effectiveFromMs: T, event: flag }), arrivalMs);
    for (let index = 0; index < CONTROLS_BURST_MAX; index++) expect(send(index, T).ok).toBe(true);
    expect(send(90_000, T)).toEqual({ ok: false, error: "rate-exceeded" });
    expect(send(90_000, T + 1000).ok).toBe(true);
  });
});
