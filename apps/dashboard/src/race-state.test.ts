import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  CARS_MAX,
  create,
  type Fact,
  FactSchema,
  FlagState,
  type ServerMessage,
  ServerMessageSchema,
} from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { ALERTS_MAX, EMPTY_RACE, FACTS_PER_CAR_MAX, type RaceState, reduceRace } from "./race-state.ts";

type ServerMessageInit = MessageInitShape<typeof ServerMessageSchema>;

function message(op: NonNullable<ServerMessageInit["op"]>): ServerMessage {
  return create(ServerMessageSchema, { op });
}

function reduceAll(...messages: ServerMessage[]): RaceState {
  return messages.reduce(reduceRace, EMPTY_RACE);
}

function lap(car: string, lapNumber: number, revision = 0, physicsUg = 0): Fact {
  return create(FactSchema, {
    id: `lap:${car}:${lapNumber}:${revision}`,
    car,
    revision,
    body: { case: "lap", value: { lapNumber, startMs: lapNumber * 30_000, physicsUg } },
  });
}

function alert(key: string, eventTimeMs: number, revision: number, active: boolean): Fact {
  return create(FactSchema, {
    id: `alert:24:${key}:${revision}`,
    car: "24",
    eventTimeMs,
    revision,
    body: { case: "alert", value: { key, active, text: `${key} ${revision}` } },
  });
}

const race = (name: string, eventTimeMs: number) => ({ definition: { race: name }, eventTimeMs });

describe("a view", () => {
  test("fills with the snapshot and moves on with deltas", () => {
    const state = reduceAll(
      message({ case: "snapshot", value: { id: 1, race: race("a", 100), cars: [{ car: "24", eventTimeMs: 100 }] } }),
      message({ case: "delta", value: { id: 1, cars: [{ car: "24", eventTimeMs: 200, position: 3 }] } }),
    );
    expect(state.cars.get("24")).toMatchObject({ eventTimeMs: 200, position: 3 });
    expect(state.race?.definition?.race).toBe("a");
  });

  test("never goes back in event time, not even by a snapshot of a server that is catching up", () => {
    const state = reduceAll(
      message({
        case: "snapshot",
        value: { id: 1, race: race("a", 5_000), cars: [{ car: "24", eventTimeMs: 5_000, position: 2 }] },
      }),
      message({
        case: "hello",
        value: { serverTimeMs: 9_000, clock: { anchorEventMs: 4_000, anchorWallMs: 9_000, speed: 1 } },
      }),
      message({
        case: "snapshot",
        value: { id: 1, race: race("a", 4_000), cars: [{ car: "24", eventTimeMs: 4_000, position: 9 }] },
      }),
    );
    expect(state.race?.eventTimeMs).toBe(5_000);
    expect(state.cars.get("24")).toMatchObject({ eventTimeMs: 5_000, position: 2 });
  });

  test("keeps the entry list when a delta leaves it out", () => {
    const state = reduceAll(
      message({ case: "snapshot", value: { id: 1, race: race("a", 100) } }),
      message({ case: "delta", value: { id: 1, race: { eventTimeMs: 200, flag: FlagState.CAUTION } } }),
    );
    expect(state.race).toMatchObject({ eventTimeMs: 200, flag: FlagState.CAUTION });
    expect(state.race?.definition?.race).toBe("a");
  });

  test("does not forget how far the race is when a server that has just started does not know yet", () => {
    const state = reduceAll(
      message({ case: "snapshot", value: { id: 1, race: { ...race("a", 100), leaderLapNumber: 7, stageNumber: 2 } } }),
      message({ case: "snapshot", value: { id: 1, race: race("a", 100) } }),
    );
    expect(state.race).toMatchObject({ leaderLapNumber: 7, stageNumber: 2 });
  });

  test("begins anew with another race", () => {
    const state = reduceAll(
      message({
        case: "snapshot",
        value: { id: 1, race: race("a", 5_000), cars: [{ car: "24", eventTimeMs: 5_000 }] },
      }),
      message({ case: "snapshot", value: { id: 1, race: race("b", 100), cars: [{ car: "5", eventTimeMs: 100 }] } }),
    );
    expect([...state.cars.keys()]).toEqual(["5"]);
    expect(state.race?.eventTimeMs).toBe(100);
  });

  test("begins anew when the server's clock has not come to what the page shows: the race was started again", () => {
    const state = reduceAll(
      message({
        case: "snapshot",
        value: { id: 1, race: race("a", 900_000), cars: [{ car: "24", eventTimeMs: 900_000 }] },
      }),
      message({
        case: "hello",
        value: { serverTimeMs: 50_000, clock: { anchorEventMs: 1_000, anchorWallMs: 50_000, speed: 1 } },
      }),
    );
    expect(state.cars.size).toBe(0);
    expect(state.race).toBeUndefined();
  });

  test("is not changed by a message that is none of its business", () => {
    const state = reduceAll(message({ case: "snapshot", value: { id: 1, race: race("a", 100) } }));
    expect(reduceRace(state, message({ case: "pong", value: {} }))).toBe(state);
    expect(reduceRace(state, create(ServerMessageSchema, {}))).toBe(state);
  });

  test("leaves what a message did not touch the same object", () => {
    const before = reduceAll(
      message({
        case: "snapshot",
        value: {
          id: 1,
          cars: [
            { car: "24", eventTimeMs: 1 },
            { car: "5", eventTimeMs: 1 },
          ],
          laps: [lap("24", 1)],
        },
      }),
    );
    const after = reduceRace(
      before,
      message({ case: "delta", value: { id: 1, cars: [{ car: "24", eventTimeMs: 2 }] } }),
    );
    expect(after.cars.get("5")).toBe(before.cars.get("5"));
    expect(after.histories).toBe(before.histories);
    expect(before.cars.get("24")?.eventTimeMs).toBe(1);
  });

  test("takes no more cars than a race can have", () => {
    const cars = Array.from({ length: CARS_MAX + 5 }, (_, index) => ({ car: `c${index}`, eventTimeMs: 1 }));
    const state = reduceAll(message({ case: "snapshot", value: { id: 1, cars } }));
    expect(state.cars.size).toBe(CARS_MAX);
    expect(
      reduceRace(state, message({ case: "delta", value: { id: 1, cars: [{ car: "c0", eventTimeMs: 9 }] } })).cars.get(
        "c0",
      )?.eventTimeMs,
    ).toBe(9);
  });

  test("says the server's error until the next snapshot", () => {
    const failed = reduceAll(
      message({ case: "error", value: { code: "unknown-topic", message: "There is no such topic.", id: 3 } }),
    );
    expect(failed.notice).toBe("There is no such topic.");
    expect(reduceRace(failed, message({ case: "snapshot", value: { id: 4 } })).notice).toBeUndefined();
  });
});

describe("a history", () => {
  test("is in order of the race and holds the highest revision of each lap, whatever order they come in", () => {
    const facts = [lap("24", 2), lap("24", 1, 2, 12), lap("24", 3), lap("24", 1, 1, 11), lap("24", 2, 1, 21)];
    const state = reduceAll(message({ case: "snapshot", value: { id: 1, laps: facts } }));
    const turned = reduceAll(
      ...facts.toReversed().map((fact) => message({ case: "delta", value: { id: 1, laps: [fact] } })),
    );
    const ids = state.histories.get("24")?.laps.map((fact) => fact.id);
    expect(ids).toEqual(["lap:24:1:2", "lap:24:2:1", "lap:24:3:0"]);
    expect(turned.histories.get("24")?.laps.map((fact) => fact.id)).toEqual(ids);
  });

  test("keeps the laps of two cars apart", () => {
    const state = reduceAll(
      message({ case: "delta", value: { id: 1, laps: [lap("24", 1), lap("5", 1), lap("5", 2)] } }),
    );
    expect(state.histories.get("24")?.laps.length).toBe(1);
    expect(state.histories.get("5")?.laps.length).toBe(2);
  });

  test("drops its oldest lap at the cap", () => {
    const laps = Array.from({ length: FACTS_PER_CAR_MAX + 3 }, (_, index) => lap("24", index + 1));
    const state = reduceAll(message({ case: "snapshot", value: { id: 1, laps } }));
    const kept = state.histories.get("24")?.laps;
    expect(kept?.length).toBe(FACTS_PER_CAR_MAX);
    expect(kept?.[0]?.id).toBe("lap:24:4:0");
  });
});

describe("alerts", () => {
  test("hold the latest word on each situation, and a situation may come back", () => {
    const state = reduceAll(
      message({
        case: "snapshot",
        value: { id: 2, alerts: [alert("saving:24", 10, 0, true), alert("saving:24", 20, 1, false)] },
      }),
      message({ case: "delta", value: { id: 2, alerts: [alert("saving:24", 15, 0, true)] } }),
    );
    expect(state.alerts.map((fact) => fact.eventTimeMs)).toEqual([20]);
    const again = reduceRace(
      state,
      message({ case: "delta", value: { id: 2, alerts: [alert("saving:24", 30, 0, true)] } }),
    );
    expect(again.alerts.map((fact) => fact.eventTimeMs)).toEqual([30]);
  });

  test("are bounded", () => {
    const alerts = Array.from({ length: ALERTS_MAX + 2 }, (_, index) => alert(`k${index}`, index, 0, true));
    expect(reduceAll(message({ case: "snapshot", value: { id: 2, alerts } })).alerts.length).toBe(ALERTS_MAX);
  });
});
