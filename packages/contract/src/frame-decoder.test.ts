import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeUsualFrame } from "./frame-decoder.ts";
import { TelemetryFrameSchema } from "./generated/burnline/v1/telemetry_pb.js";
import { frame } from "./testing.ts";

const RUNS = 12_000;

const uint32s = fc.array(fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.nat(0xffff_ffff)), { maxLength: 70 });
const frames = fc
  .record({
    schemaVersion: fc.nat(300),
    car: fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{0,24}$/), fc.string({ unit: "binary" })),
    sourceSequence: fc.nat(0xffff_ffff),
    eventTimeMs: fc.double(),
    sampleRateHz: fc.double(),
    offsetMs: uint32s,
    throttleBasisPoints: uint32s,
    rpmTenths: uint32s,
    speedMmPerS: uint32s,
    lapPositionPpm: uint32s,
    lapNumber: uint32s,
    brakeBasisPoints: uint32s,
    gear: fc.array(fc.integer(), { maxLength: 70 }),
    statusBits: uint32s,
    gapAheadDm: uint32s,
    sourceRateHz: fc.double(),
  })
  .map((fields) => toBinary(TelemetryFrameSchema, create(TelemetryFrameSchema, fields)));

type Mutation = (bytes: Uint8Array) => Uint8Array;
const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(255)).map(
    ([at, byte]) =>
      (bytes: Uint8Array) =>
        bytes.with(at % (bytes.length || 1), byte),
  ),
  fc.nat().map((at) => (bytes: Uint8Array) => bytes.slice(0, at % (bytes.length + 1))),
  fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => (bytes: Uint8Array) => {
    const part = bytes.slice(from % (bytes.length + 1), to % (bytes.length + 1));
    return Uint8Array.from([...bytes, ...part]);
  }),
  fc.uint8Array({ maxLength: 12 }).map((tail) => (bytes: Uint8Array) => Uint8Array.from([...bytes, ...tail])),
);
const mutated = fc
  .tuple(fc.oneof(fc.constant(toBinary(TelemetryFrameSchema, frame())), frames), fc.array(mutations, { maxLength: 3 }))
  .map(([bytes, changes]) =>
    changes.reduce<Uint8Array>((changed, change) => (changed.length === 0 ? changed : change(changed)), bytes),
  );

describe("the fast decoder", () => {
  test("decodes what our encoder writes", () => {
    fc.assert(
      fc.property(frames, (bytes) => {
        const general = fromBinary(TelemetryFrameSchema, bytes);
        const usual = decodeUsualFrame(bytes);
        const isAscii = [...general.car].every((letter) => letter < "\u0080");
        if (isAscii) expect(usual).toStrictEqual(general);
        else expect(usual).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test("says of any bytes what the general decoder says, or nothing", () => {
    let taken = 0;
    fc.assert(
      fc.property(mutated, (bytes) => {
        const usual = decodeUsualFrame(bytes);
        if (usual === undefined) return;
        taken++;
        const general = fromBinary(TelemetryFrameSchema, bytes);
        expect(usual).toStrictEqual(general);
        expect(toBinary(TelemetryFrameSchema, usual)).toEqual(toBinary(TelemetryFrameSchema, general));
      }),
      { numRuns: RUNS },
    );
    expect(taken).toBeGreaterThan(RUNS / 4);
    expect(taken).toBeLessThan(RUNS);
  });

  test.each([
    ["a column in two pieces", [0x32, 1, 1, 0x32, 1, 2]],
    ["a column that is not packed", [0x30, 1]],
    ["an unknown field", [0x8a, 0x01, 0]],
    ["a number of six bytes", [0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ["a number of 33 bits", [0x08, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ["a number that goes on behind its column", [0x32, 1, 0x80, 0x01]],
    ["a column longer than the frame", [0x32, 5, 1]],
    ["half a double", [0x21, 0, 0, 0]],
  ])("leaves %s to the general decoder", (_, bytes) => {
    expect(decodeUsualFrame(Uint8Array.from(bytes))).toBeUndefined();
  });
});
