import {
  create,
  FRAME_SCHEMA_VERSION,
  PARTITION_COUNT,
  subjects,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import type { SourceItem } from "@burnline/ingest";
import type { Prng } from "@burnline/std";
import type { LogAppend } from "@burnline/stream";

/** Something that ingest has to refuse. */
export function hostileItem(prng: Prng, nowMs: number): SourceItem {
  const frame = (overrides: object): SourceItem => ({
    type: "frame",
    arrivalMs: nowMs,
    frame: create(TelemetryFrameSchema, {
      schemaVersion: FRAME_SCHEMA_VERSION,
      car: "hostile",
      eventTimeMs: nowMs,
      sampleRateHz: 10,
      offsetMs: [0],
      throttleBasisPoints: [5_000],
      ...overrides,
    }),
  });
  const kinds = [
    () => frame({ car: "two words" }),
    () => frame({ car: "a.b.>" }),
    () => frame({ car: "x".repeat(10_000) }),
    () => frame({ schemaVersion: 99 }),
    () => frame({ eventTimeMs: nowMs + 86_400_000 }),
    () => frame({ eventTimeMs: Number.NaN }),
    () => frame({ throttleBasisPoints: [1, 2, 3] }),
    () => frame({ sampleRateHz: 0 }),
    () => frame({ offsetMs: [100, 0], throttleBasisPoints: [1, 1] }),
    (): SourceItem => ({ type: "bytes", arrivalMs: nowMs, bytes: randomBytes(prng, prng.integer(1, 200)) }),
  ];
  return prng.pick(kinds)();
}

/** Something in the log itself that no version of ours wrote. */
export function hostileRecord(prng: Prng, race: string, partition: number): LogAppend {
  const subject = prng.pick([
    subjects.telemetry(race, partition, "hostile"),
    subjects.ml(race, partition, "hostile"),
    `race.${race}.${partition}.ctl.flag`,
    `race.${race}.${partition}.unknown.thing`,
  ]);
  // Mostly undecodable; whatever the rest decodes to must do no harm either.
  return { partition, subject, payload: Uint8Array.of(0xff, ...randomBytes(prng, prng.integer(1, 40))) };
}

/** The tick of an ingest whose clock is wrong by up to a year, in every partition. */
export function wrongTick(prng: Prng, race: string, nowMs: number): LogAppend[] {
  const wrongByMs = prng.pick([-1, 1]) * prng.integer(1_000, 365 * 86_400_000);
  const payload = toBinary(TickSchema, create(TickSchema, { eventTimeMs: nowMs + wrongByMs }));
  return Array.from({ length: PARTITION_COUNT }, (_, partition) => ({
    ...{ partition, payload },
    subject: subjects.tick(race, partition),
  }));
}

function randomBytes(prng: Prng, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => prng.integer(0, 255));
}
