import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFrame, type FrameFault, frameFault } from "./frame.ts";
import { type TelemetryFrame, TelemetryFrameSchema } from "./generated/burnline/v1/telemetry_pb.js";
import {
  CAR_ID_LENGTH_MAX,
  FRAME_SPAN_MS_MAX,
  GAP_AHEAD_DM_MAX,
  LAP_NUMBER_MAX,
  MESSAGE_BYTES_MAX,
  RPM_MAX,
  SAMPLE_RATE_HZ_MAX,
  SAMPLE_RATE_HZ_MIN,
  SAMPLES_PER_FRAME_MAX,
  SPEED_MPS_MAX,
} from "./limits.ts";
import { frame } from "./testing.ts";
import { FRAME_SCHEMA_VERSION } from "./versions.ts";

const encode = (message: TelemetryFrame) => toBinary(TelemetryFrameSchema, message);
const twelve = (value: number) => Array.from({ length: 12 }, () => value);
const oneAmong = (value: number, sound: number) => [...twelve(sound).slice(1), value];

/** Columns that may be missing as a whole, with the highest value each may hold. */
const OPTIONAL_COLUMNS = {
  rpmTenths: RPM_MAX * 10,
  speedMmPerS: SPEED_MPS_MAX * 1_000,
  lapPositionPpm: 999_999,
  lapNumber: LAP_NUMBER_MAX,
  brakeBasisPoints: 10_000,
  gear: 0x7fff_ffff,
  statusBits: 0xffff_ffff,
  gapAheadDm: GAP_AHEAD_DM_MAX,
} as const;
type OptionalColumn = keyof typeof OPTIONAL_COLUMNS;
const optionalColumns = Object.keys(OPTIONAL_COLUMNS) as OptionalColumn[];

/** Only what ranges of uint32 and sint32 do not bound already. */
const BOUNDED_COLUMNS = [
  "rpmTenths",
  "speedMmPerS",
  "lapPositionPpm",
  "lapNumber",
  "brakeBasisPoints",
  "gapAheadDm",
] as const;

/** The laws of an accepted frame, written down a second time and independently of the decoder. */
function expectSound(accepted: TelemetryFrame): void {
  expect(accepted.schemaVersion).toBe(FRAME_SCHEMA_VERSION);
  expect(accepted.car).toMatch(/^[A-Za-z0-9_-]{1,24}$/);
  const count = accepted.offsetMs.length;
  expect(count).toBeGreaterThanOrEqual(1);
  expect(count).toBeLessThanOrEqual(SAMPLES_PER_FRAME_MAX);
  expect(Number.isSafeInteger(accepted.eventTimeMs) && accepted.eventTimeMs >= 0).toBe(true);
  expect(accepted.sampleRateHz).toBeGreaterThanOrEqual(SAMPLE_RATE_HZ_MIN);
  expect(accepted.sampleRateHz).toBeLessThanOrEqual(SAMPLE_RATE_HZ_MAX);
  expect(accepted.sourceRateHz).toBeGreaterThanOrEqual(0);
  expect(accepted.sourceRateHz).toBeLessThanOrEqual(SAMPLE_RATE_HZ_MAX);
  expect(accepted.offsetMs).toEqual(accepted.offsetMs.toSorted((a, b) => a - b));
  expect(accepted.offsetMs.at(-1)).toBeLessThanOrEqual(FRAME_SPAN_MS_MAX);
  expect(accepted.throttleBasisPoints).toHaveLength(count);
  expect(Math.max(...accepted.throttleBasisPoints)).toBeLessThanOrEqual(10_000);
  for (const name of optionalColumns) {
    const column = accepted[name];
    expect([0, count]).toContain(column.length);
    expect(Math.max(...column, 0)).toBeLessThanOrEqual(OPTIONAL_COLUMNS[name]);
    expect(column.every(Number.isInteger)).toBe(true);
  }
}

/** Every reason to refuse a frame, each with what causes it. The compiler demands that none is missing. */
const FAULTS: Record<FrameFault, Record<string, Uint8Array>> = {
  "too-large": {
    "one byte over the limit": new Uint8Array(MESSAGE_BYTES_MAX + 1),
    "10 MB": new Uint8Array(10 * 1024 * 1024),
  },
  undecodable: {
    "random bytes": Uint8Array.of(0xff, 0xff, 0xff, 0xff),
    "a frame cut short": encode(frame()).subarray(0, -1),
    "a length beyond the end": Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f),
    "the largest message allowed, of ones": new Uint8Array(MESSAGE_BYTES_MAX).fill(0xff),
    "a car that is not UTF-8": Uint8Array.of(0x08, 0x01, 0x12, 0x02, 0xc3, 0x28),
  },
  "unknown-schema-version": {
    "no bytes at all": new Uint8Array(),
    none: encode(frame({ schemaVersion: 0 })),
    "the next one": encode(frame({ schemaVersion: FRAME_SCHEMA_VERSION + 1 })),
    "the highest": encode(frame({ schemaVersion: 0xffff_ffff })),
  },
  "bad-car-id": {
    none: encode(frame({ car: "" })),
    "with a dot": encode(frame({ car: "2.4" })),
    "with a space": encode(frame({ car: "2 4" })),
    "a wildcard": encode(frame({ car: ">" })),
    "of 10 kB": encode(frame({ car: "x".repeat(10_240) })),
    "a key of the state": encode(frame({ car: "~all" })),
    "one character too long": encode(frame({ car: "x".repeat(CAR_ID_LENGTH_MAX + 1) })),
  },
  "no-samples": { "no offsets": encode(frame({ offsetMs: [] })) },
  "too-many-samples": {
    "one too many": encode(frame({ offsetMs: Array.from({ length: SAMPLES_PER_FRAME_MAX + 1 }, (_, index) => index) })),
    "as many as a message can hold": encode(frame({ offsetMs: new Array<number>(60_000).fill(0) })),
  },
  "column-length": {
    "throttle missing": encode(frame({ throttleBasisPoints: [] })),
    "throttle too short": encode(frame({ throttleBasisPoints: twelve(1).slice(1) })),
    "throttle too long": encode(frame({ throttleBasisPoints: [...twelve(1), 1] })),
    ...Object.fromEntries(optionalColumns.map((name) => [`${name} too short`, encode(frame({ [name]: [1] }))])),
    ...Object.fromEntries(
      optionalColumns.map((name) => [`${name} too long`, encode(frame({ [name]: [...twelve(1), 1] }))]),
    ),
  },
  "bad-event-time": {
    negative: encode(frame({ eventTimeMs: -1 })),
    "with a fraction": encode(frame({ eventTimeMs: 1_750_000_000_000.5 })),
    "not a number": encode(frame({ eventTimeMs: Number.NaN })),
    infinite: encode(frame({ eventTimeMs: Number.POSITIVE_INFINITY })),
    "beyond exact whole numbers": encode(frame({ eventTimeMs: 2 ** 53 })),
  },
  "backwards-time": {
    "two samples swapped": encode(frame({ offsetMs: frame().offsetMs.with(5, 50).with(6, 41) })),
    "a last sample before the first": encode(frame({ offsetMs: oneAmong(0, 10) })),
  },
  "bad-sample-rate": {
    zero: encode(frame({ sampleRateHz: 0 })),
    "below the lowest": encode(frame({ sampleRateHz: SAMPLE_RATE_HZ_MIN - 1e-9 })),
    "above the highest": encode(frame({ sampleRateHz: SAMPLE_RATE_HZ_MAX + 1e-9 })),
    negative: encode(frame({ sampleRateHz: -120 })),
    "not a number": encode(frame({ sampleRateHz: Number.NaN })),
    infinite: encode(frame({ sampleRateHz: Number.POSITIVE_INFINITY })),
  },
  "out-of-range": {
    "a span longer than a frame may have": encode(frame({ offsetMs: oneAmong(FRAME_SPAN_MS_MAX + 1, 0) })),
    "throttle above full": encode(frame({ throttleBasisPoints: oneAmong(10_001, 0) })),
    ...Object.fromEntries(
      BOUNDED_COLUMNS.map((name) => [
        `${name} above its highest`,
        encode(frame({ [name]: oneAmong(OPTIONAL_COLUMNS[name] + 1, 0) })),
      ]),
    ),
  },
};

describe("a frame is refused", () => {
  for (const [fault, examples] of Object.entries(FAULTS)) {
    for (const [example, bytes] of Object.entries(examples)) {
      test(`as ${fault}: ${example}`, () => {
        expect(decodeFrame(bytes)).toEqual({ ok: false, error: fault });
      });
    }
  }

  test("for the same reason before it is encoded", () => {
    expect(frameFault(frame({ car: "2.4" }))).toBe("bad-car-id");
    expect(frameFault(frame())).toBeUndefined();
  });
});

describe("a frame is accepted", () => {
  test("and comes out as it went in", () => {
    const sent = frame({ gear: twelve(-1), gapAheadDm: twelve(0), brakeBasisPoints: twelve(10_000) });
    expect(decodeFrame(encode(sent))).toEqual({ ok: true, value: sent });
  });

  test("at every limit that it may reach", () => {
    const most = frame({
      car: "x".repeat(CAR_ID_LENGTH_MAX),
      sourceSequence: 0xffff_ffff,
      eventTimeMs: Number.MAX_SAFE_INTEGER,
      sampleRateHz: SAMPLE_RATE_HZ_MAX,
      offsetMs: oneAmong(FRAME_SPAN_MS_MAX, 0),
      throttleBasisPoints: twelve(10_000),
      ...Object.fromEntries(optionalColumns.map((name) => [name, twelve(OPTIONAL_COLUMNS[name])])),
    });
    expect(decodeFrame(encode(most))).toEqual({ ok: true, value: most });
    const least = frame({ car: "0", eventTimeMs: 0, sampleRateHz: SAMPLE_RATE_HZ_MIN, offsetMs: twelve(0) });
    expect(decodeFrame(encode(least))).toEqual({ ok: true, value: least });
  });

  test("with any channel but the throttle missing as a whole", () => {
    for (const name of optionalColumns) expect(frameFault(frame({ [name]: [] }))).toBeUndefined();
    const bare = frame(Object.fromEntries(optionalColumns.map((name) => [name, []])));
    expect(decodeFrame(encode(bare))).toEqual({ ok: true, value: bare });
  });

  test("with a single sample, and with as many as allowed", () => {
    for (const count of [1, SAMPLES_PER_FRAME_MAX]) {
      const filled = (value: number) => new Array<number>(count).fill(value);
      const sized = create(TelemetryFrameSchema, {
        schemaVersion: FRAME_SCHEMA_VERSION,
        car: "24",
        sampleRateHz: 60,
        offsetMs: Array.from({ length: count }, (_, index) => index * 16),
        throttleBasisPoints: filled(1),
        rpmTenths: filled(60_000),
      });
      expect(decodeFrame(encode(sized)).ok).toBe(true);
    }
  });

  test("and a full one is far below the size limit", () => {
    const full = frame({ offsetMs: new Array<number>(64).fill(FRAME_SPAN_MS_MAX) });
    for (const name of optionalColumns) full[name] = new Array<number>(64).fill(OPTIONAL_COLUMNS[name]);
    full.throttleBasisPoints = new Array<number>(64).fill(10_000);
    expect(encode(full).length).toBeLessThan(MESSAGE_BYTES_MAX / 16);
  });
});

describe("decodeFrame under fuzz", () => {
  const uint32 = fc.nat(0xffff_ffff);
  const column = (max: number) => fc.array(fc.nat(max), { maxLength: 70 });
  /** Anything the schema can express, near the truth often enough to get past the first checks. */
  const anyFrame = fc
    .record(
      {
        schemaVersion: fc.oneof({ weight: 9, arbitrary: fc.constant(FRAME_SCHEMA_VERSION) }, uint32),
        car: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("24", "A_1") }, fc.string({ maxLength: 40 })),
        sourceSequence: uint32,
        eventTimeMs: fc.oneof({ weight: 3, arbitrary: fc.maxSafeNat() }, fc.double()),
        sampleRateHz: fc.oneof({ weight: 3, arbitrary: fc.double({ min: 1, max: 1_000, noNaN: true }) }, fc.double()),
        offsetMs: fc.oneof(
          { weight: 3, arbitrary: fc.array(fc.nat(4_100), { maxLength: 70 }).map((all) => all.sort((a, b) => a - b)) },
          column(5_000),
        ),
        throttleBasisPoints: column(10_100),
        rpmTenths: column(RPM_MAX * 10 + 100),
        speedMmPerS: column(SPEED_MPS_MAX * 1_000 + 100),
        lapPositionPpm: column(1_000_100),
        lapNumber: column(LAP_NUMBER_MAX + 100),
        brakeBasisPoints: column(10_100),
        gear: fc.array(fc.integer(), { maxLength: 70 }),
        statusBits: column(0xffff_ffff),
        gapAheadDm: column(GAP_AHEAD_DM_MAX + 100),
        sourceRateHz: fc.oneof({ weight: 9, arbitrary: fc.double({ min: 0, max: 1_000, noNaN: true }) }, fc.double()),
      },
      { requiredKeys: ["schemaVersion", "car"] },
    )
    .map((fields) => create(TelemetryFrameSchema, fields));

  test("random bytes never throw and are never taken for a frame that breaks a law", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoded = decodeFrame(bytes);
        if (decoded.ok) expectSound(decoded.value);
      }),
      { numRuns: 5_000 },
    );
  });

  test("a sound frame with broken bytes either keeps every law or is refused", () => {
    const sound = encode(frame());
    const changes = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    const cut = fc.oneof({ weight: 3, arbitrary: fc.constant(sound.length) }, fc.nat(sound.length));
    const tail = fc.oneof({ weight: 3, arbitrary: fc.constant(new Uint8Array()) }, fc.uint8Array({ maxLength: 12 }));
    let accepted = 0;
    fc.assert(
      fc.property(changes, cut, tail, (bytesChanged, bytesKept, bytesAdded) => {
        const bytes = Uint8Array.from([...sound.subarray(0, bytesKept), ...bytesAdded]);
        for (const [at, value] of bytesChanged) if (at < bytes.length) bytes[at] = value;
        const decoded = decodeFrame(bytes);
        if (!decoded.ok) return;
        accepted++;
        expectSound(decoded.value);
      }),
      { numRuns: 5_000 },
    );
    // Otherwise the law above was tested on nothing.
    expect(accepted).toBeGreaterThan(100);
  });

  test("whatever the schema can say either keeps every law or is refused, and the verdict survives the wire", () => {
    fc.assert(
      fc.property(anyFrame, (message) => {
        const fault = frameFault(message);
        const decoded = decodeFrame(encode(message));
        expect(decoded.ok ? undefined : decoded.error).toBe(fault);
        if (decoded.ok) expectSound(decoded.value);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a frame within the limits is always accepted", () => {
    const sized = fc.integer({ min: 1, max: SAMPLES_PER_FRAME_MAX }).chain((count) => {
      const values = (max: number) => fc.array(fc.nat(max), { minLength: count, maxLength: count });
      const maybe = (max: number) => fc.oneof(fc.constant<number[]>([]), values(max));
      return fc.record({
        car: fc.stringMatching(/^[A-Za-z0-9_-]{1,24}$/),
        eventTimeMs: fc.maxSafeNat(),
        sampleRateHz: fc.double({ min: SAMPLE_RATE_HZ_MIN, max: SAMPLE_RATE_HZ_MAX, noNaN: true }),
        offsetMs: values(FRAME_SPAN_MS_MAX).map((all) => all.sort((a, b) => a - b)),
        throttleBasisPoints: values(10_000),
        rpmTenths: maybe(OPTIONAL_COLUMNS.rpmTenths),
        speedMmPerS: maybe(OPTIONAL_COLUMNS.speedMmPerS),
        lapPositionPpm: maybe(OPTIONAL_COLUMNS.lapPositionPpm),
        lapNumber: maybe(OPTIONAL_COLUMNS.lapNumber),
        statusBits: maybe(7),
      });
    });
    fc.assert(
      fc.property(sized, (fields) => {
        const message = create(TelemetryFrameSchema, { schemaVersion: FRAME_SCHEMA_VERSION, ...fields });
        expect(decodeFrame(encode(message))).toEqual({ ok: true, value: message });
      }),
      { numRuns: 1_000 },
    );
  });
});
