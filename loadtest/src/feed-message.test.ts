import {
  ClientMessageSchema,
  create,
  fromBinary,
  type ServerMessage,
  ServerMessageSchema,
  toBinary,
} from "@burnline/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pingMessage, readFeedMessage, subscribeMessage } from "./feed-message.ts";

const encode = (op: Parameters<typeof create<typeof ServerMessageSchema>>[1]): ArrayBuffer => {
  const bytes = toBinary(ServerMessageSchema, create(ServerMessageSchema, op));
  return Uint8Array.from(bytes).buffer;
};

const time = fc.integer({ min: 1, max: 2 ** 42 });
const count = fc.integer({ min: 1, max: 2 ** 31 });
const car = fc.record({
  car: fc.integer({ min: 1, max: 999 }).map(String),
  position: fc.nat(128),
  eventTimeMs: time,
  live: fc.option(fc.record({ race: fc.string(), car: fc.string(), eventTimeMs: time, rpm: time }), { nil: undefined }),
  lastLap: fc.option(fc.record({ lapNumber: fc.nat(400), startMs: time, endMs: time, samples: count }), {
    nil: undefined,
  }),
  lastLapRevision: fc.nat(9),
  lastWindow: fc.option(fc.record({ startMs: time, endMs: time, samples: count, burnUg: time }), { nil: undefined }),
  lastWindowRevision: fc.nat(9),
  strategy: fc.option(fc.record({ lapNumber: fc.nat(400), levelAnchor: fc.string() }), { nil: undefined }),
});

test("a snapshot and a delta are read as the library reads them", () => {
  const body = fc.record({
    id: fc.integer({ min: 1, max: 16 }),
    race: fc.option(fc.record({ eventTimeMs: time, definition: fc.constant({ name: "Ümläut" }) }), { nil: undefined }),
    cars: fc.array(car, { maxLength: 6 }),
    laps: fc.array(fc.record({ id: fc.string(), eventTimeMs: time }), { maxLength: 3 }),
    sentAtMs: time,
  });
  fc.assert(
    fc.property(fc.constantFrom("snapshot" as const, "delta" as const), body, (op, value) => {
      const { race, ...rest } = value;
      const init = { op: { case: op, value: race === undefined ? rest : { ...rest, race } } };
      const read = readFeedMessage(encode(init as never), () => true);
      expect(read).toEqual({
        op,
        id: value.id,
        raceTimeMs: race?.eventTimeMs ?? 0,
        sentAtMs: value.sentAtMs,
        cars: value.cars.map((one) => ({
          car: one.car,
          eventTimeMs: one.eventTimeMs,
          liveMs: one.live?.eventTimeMs ?? 0,
          windowStartMs: one.lastWindow?.startMs ?? 0,
          windowEndMs: one.lastWindow?.endMs ?? 0,
          windowRevision: one.lastWindowRevision,
          lapStartMs: one.lastLap?.startMs ?? 0,
          lapEndMs: one.lastLap?.endMs ?? 0,
          lapSamples: one.lastLap?.samples ?? 0,
          lapRevision: one.lastLapRevision,
        })),
      });
    }),
    { numRuns: 300 },
  );
});

test("cars of a subscription that is not read are jumped over", () => {
  const message = encode({ op: { case: "delta", value: { id: 2, cars: [{ car: "7" }], sentAtMs: 5 } } });
  expect(readFeedMessage(message, (id) => id === 1)).toMatchObject({ id: 2, cars: [], sentAtMs: 5 });
});

test.each<[ServerMessage["op"]["case"], Parameters<typeof encode>[0], object]>([
  [
    "hello",
    { op: { case: "hello", value: { protocolVersion: 1, serverInstance: "abc", serverTimeMs: 7 } } },
    { op: "hello", serverInstance: "abc", serverTimeMs: 7 },
  ],
  [
    "pong",
    { op: { case: "pong", value: { clientTimeMs: 3, serverTimeMs: 4 } } },
    { op: "pong", clientTimeMs: 3, serverTimeMs: 4 },
  ],
  [
    "error",
    { op: { case: "error", value: { code: "unknown-topic", message: "é" } } },
    { op: "error", code: "unknown-topic" },
  ],
  ["status", { op: { case: "status", value: { level: "info" } } }, { op: "other" }],
])("a %s is read as what it is", (_, init, expected) => {
  expect(readFeedMessage(encode(init), () => true)).toEqual(expected);
});

test("what a client sends is what the contract's library would send", () => {
  const subscribe = fromBinary(ClientMessageSchema, new Uint8Array(subscribeMessage(300, "car/24")));
  expect(subscribe.op).toMatchObject({ case: "subscribe", value: { id: 300, topic: "car/24" } });
  const ping = fromBinary(ClientMessageSchema, new Uint8Array(pingMessage(1_764_000_000_123)));
  expect(ping.op).toMatchObject({ case: "ping", value: { clientTimeMs: 1_764_000_000_123 } });
});
