import type { MessageInitShape } from "@bufbuild/protobuf";
import { CARS_MAX, create, type ServerMessage, ServerMessageSchema } from "@burnline/contract";
import { expect, test } from "vitest";
import { CarRoster } from "./car-roster.ts";

type Init = NonNullable<MessageInitShape<typeof ServerMessageSchema>["op"]>;
const message = (op: Init): ServerMessage => create(ServerMessageSchema, { op });
const entry = (car: string, driver: string, team: string) => ({ car, entry: { car, driver, team } });

function roster(): CarRoster {
  const cars = new CarRoster();
  const value = {
    id: 1,
    race: { definition: { race: "r", name: "Hollow Creek 300" } },
    cars: [
      { ...entry("10", "Anna Berg", "Blue Ridge"), live: { eventTimeMs: 5 } },
      { ...entry("2", "Kip Larrabee", "Anvil"), live: { eventTimeMs: 5 }, stale: true },
      entry("24", "Ray Blanchette", "Anvil"),
      { car: "X1", lastLap: { lapNumber: 1 } },
    ],
  };
  cars.received(message({ case: "snapshot", value }));
  return cars;
}

const numbers = (cars: CarRoster, wanted = "") => cars.cars(wanted).map(({ car }) => car);

test("the list goes by number and says what each graphic would do now", () => {
  expect(roster().cars("")).toEqual([
    { car: "2", driver: "Kip Larrabee", team: "Anvil", air: "no data" },
    { car: "10", driver: "Anna Berg", team: "Blue Ridge", air: "numbers" },
    { car: "24", driver: "Ray Blanchette", team: "Anvil", air: "invisible" },
    { car: "X1", driver: "", team: "", air: "numbers" },
  ]);
});

test("a number finds cars by its beginning, words find drivers and teams", () => {
  expect(numbers(roster(), "2")).toEqual(["2", "24"]);
  expect(numbers(roster(), " anvil ")).toEqual(["2", "24"]);
  expect(numbers(roster(), "berg")).toEqual(["10"]);
  expect(numbers(roster(), "x")).toEqual(["X1"]);
  expect(numbers(roster(), "nobody")).toEqual([]);
});

test("a delta changes and adds cars and keeps the name that it leaves out", () => {
  const cars = roster();
  cars.received(
    message({ case: "delta", value: { id: 1, cars: [{ car: "24", live: { eventTimeMs: 9 } }, { car: "7" }] } }),
  );
  expect(cars.cars("24")).toEqual([{ car: "24", driver: "Ray Blanchette", team: "Anvil", air: "numbers" }]);
  expect(numbers(cars)).toEqual(["2", "7", "10", "24", "X1"]);
  expect(cars.race?.definition?.name).toBe("Hollow Creek 300");
});

test("a snapshot is the whole list: cars of a former race are gone", () => {
  const cars = roster();
  cars.received(message({ case: "snapshot", value: { id: 1, cars: [{ car: "5" }] } }));
  expect(numbers(cars)).toEqual(["5"]);
  expect(cars.race).toBeUndefined();
});

test("more cars than a race may have are not taken in", () => {
  const cars = new CarRoster();
  const many = Array.from({ length: CARS_MAX + 5 }, (_, index) => ({ car: `${index + 1}` }));
  cars.received(message({ case: "snapshot", value: { id: 1, cars: many } }));
  expect(numbers(cars)).toHaveLength(CARS_MAX);
});
