import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, type ServerMessage, ServerMessageSchema } from "@burnline/contract";
import { expect, test } from "vitest";
import { CarWatch } from "./car-watch.ts";

type Init = NonNullable<MessageInitShape<typeof ServerMessageSchema>["op"]>;
const message = (op: Init): ServerMessage => create(ServerMessageSchema, { op });
const delta = (car: string, eventTimeMs: number, race?: string) =>
  message({
    case: "delta",
    value: {
      id: 1,
      ...(race === undefined ? {} : { race: { definition: { race } } }),
      cars: [{ car, eventTimeMs, live: { eventTimeMs } }],
    },
  });

test("only the chosen car is watched", () => {
  const watch = new CarWatch("24");
  watch.received(delta("5", 100), 10);
  expect(watch.view).toBeUndefined();
  expect(watch.newsAgeMs(10)).toBe(Number.POSITIVE_INFINITY);
});

test("news is what is newer, not what only arrives again", () => {
  const watch = new CarWatch("24");
  watch.received(delta("24", 100), 1_000);
  watch.received(delta("24", 100), 4_000);
  watch.received(delta("24", 90), 5_000);
  expect(watch.newsAgeMs(6_000)).toBe(5_000);
  watch.received(delta("24", 200), 7_000);
  expect(watch.newsAgeMs(7_000)).toBe(0);
});

test("a restarted server that goes on keeps the last values; another run or another race starts empty", () => {
  const hello = (anchorEventMs: number) =>
    message({
      case: "hello",
      value: { serverTimeMs: 50_000, clock: { anchorEventMs, anchorWallMs: 50_000, speed: 1 } },
    });
  const watch = new CarWatch("24");
  watch.received(delta("24", 900_000, "a"), 1_000);
  watch.received(hello(900_500), 2_000);
  expect(watch.view?.eventTimeMs).toBe(900_000);
  watch.received(hello(1_000), 3_000);
  expect(watch.view).toBeUndefined();
  watch.received(delta("24", 100, "a"), 4_000);
  watch.received(delta("24", 50, "b"), 5_000);
  expect(watch.view?.eventTimeMs).toBe(50);
});
