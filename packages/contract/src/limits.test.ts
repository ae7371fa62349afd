import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ControlEventSchema, type RaceDefinition, RaceDefinitionSchema } from "./generated/burnline/v1/control_pb.js";
import * as limits from "./limits.ts";
import { partitionOf } from "./partition.ts";
import * as versions from "./versions.ts";

/** An entry list at every cap, with names longer than any that were ever painted on a car. */
function largestRace(): RaceDefinition {
  const name = "x".repeat(120);
  return create(RaceDefinitionSchema, {
    race: "r".repeat(limits.RACE_ID_LENGTH_MAX),
    name,
    track: { id: name, name, lengthM: 2_414, greenLapS: 29.5, greenBurnKgPerLap: 1.05 },
    scheduledLaps: 400,
    stageEndLaps: [100, 200, 300, 400],
    powerPackage: name,
    carProfile: name,
    entries: Array.from({ length: limits.CARS_MAX }, (_, index) => ({
      car: String(index).padStart(limits.CAR_ID_LENGTH_MAX, "c"),
      driver: name,
      team: name,
      manufacturer: name,
      carProfile: name,
      startFuelLitres: 80.5,
      startsFull: true,
    })),
  });
}

test("every limit is a positive whole number", () => {
  for (const [name, value] of Object.entries(limits)) {
    expect(Number.isSafeInteger(value) && value > 0, name).toBe(true);
  }
});

test("every version is a positive whole number", () => {
  const { SUBPROTOCOL_JSON, SUBPROTOCOL_PROTO, SUBPROTOCOL_TOKEN_PREFIX, ...numbers } = versions;
  for (const [name, value] of Object.entries(numbers)) {
    expect(Number.isSafeInteger(value) && value > 0, name).toBe(true);
  }
});

test("a token's subprotocol is one that a WebSocket header can carry, and is not taken for the feed's", () => {
  expect(versions.SUBPROTOCOL_TOKEN_PREFIX).toMatch(/^[a-z0-9.]+\.$/);
  expect(versions.SUBPROTOCOL_PROTO.startsWith(versions.SUBPROTOCOL_TOKEN_PREFIX)).toBe(false);
  expect(versions.SUBPROTOCOL_JSON.startsWith(versions.SUBPROTOCOL_TOKEN_PREFIX)).toBe(false);
});

test("a subprotocol names the protocol version and is a token that a WebSocket header can carry", () => {
  for (const subprotocol of [versions.SUBPROTOCOL_JSON, versions.SUBPROTOCOL_PROTO]) {
    expect(subprotocol).toMatch(/^[a-z0-9.]+$/);
    expect(subprotocol).toContain(`.v${versions.PROTOCOL_VERSION}.`);
  }
  expect(versions.SUBPROTOCOL_JSON).not.toBe(versions.SUBPROTOCOL_PROTO);
});

test("the ranges are ranges", () => {
  expect(limits.SAMPLE_RATE_HZ_MIN).toBeLessThan(limits.SAMPLE_RATE_HZ_MAX);
  expect(limits.MESSAGE_BYTES_MAX).toBeLessThanOrEqual(limits.CONTROL_BYTES_MAX);
});

test("100 ms of the fastest source fit into two frames at most", () => {
  expect(limits.SAMPLE_RATE_HZ_MAX / 10).toBeLessThanOrEqual(2 * limits.SAMPLES_PER_FRAME_MAX);
});

test("a frame spans less than what a live frame may be behind, so that its oldest sample is never ancient by itself", () => {
  expect(limits.FRAME_SPAN_MS_MAX).toBeLessThan(limits.CLOCK_SKEW_PAST_MS_MAX);
});

test("a race definition at every cap fits into a control message", () => {
  const event = create(ControlEventSchema, {
    schemaVersion: versions.CONTROL_SCHEMA_VERSION,
    id: "x".repeat(200),
    effectiveFromMs: Number.MAX_SAFE_INTEGER,
    event: { case: "raceDefinition", value: largestRace() },
  });
  expect(toBinary(ControlEventSchema, event).length).toBeLessThan(limits.CONTROL_BYTES_MAX);
});

test("no partition has to hold more cars than a race may have", () => {
  const counts = new Map<number, number>();
  for (let car = 0; car < limits.CARS_MAX; car++) {
    const partition = partitionOf(String(car));
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(8);
});
