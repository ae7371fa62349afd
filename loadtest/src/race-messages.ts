import type { Profile, ScriptedEvent } from "./profile.ts";

/** In protobuf's JSON mapping, as POST /api/v1/ingest/events takes them. */
export type EventMessage = Readonly<Record<string, unknown>>;

const TRACK_LENGTH_M = 2_400;
const FILL_LITRES = 60;
/** From pit entry to pit exit, for each car; the next comes this much later. */
const STOP_STEPS_MS = { boxStopped: 100, fuelFilled: 150, boxLeft: 200, pitRoadLeft: 300 } as const;

export function carId(index: number): string {
  return `${index + 1}`;
}

/** Ids of the cars that a load of this profile feeds. */
export function fedCars({ cars }: Pick<Profile, "cars">): ReadonlySet<string> {
  return new Set(Array.from({ length: cars }, (_, index) => carId(index)));
}

/** The race as it is before the first frame: its entry list is closed, so that a mistaken car is refused. */
export function definitionMessage(profile: Profile, startMs: number): EventMessage {
  const entries = Array.from({ length: profile.cars }, (_, index) => ({
    ...{ car: carId(index), driver: `Driver ${index + 1}`, team: `Team ${1 + (index % 10)}` },
    ...{ manufacturer: "Load", carProfile: "nextgen", startsFull: true },
  }));
  const track = { id: "load", name: "Load oval", lengthM: TRACK_LENGTH_M, greenLapS: profile.lapSeconds };
  return {
    ...envelope(`load-definition-${startMs}`, startMs),
    // Without a race id it is the race that the ingest serves.
    raceDefinition: {
      ...{ name: `Load ${profile.name}`, track, scheduledLaps: 9_000, entries },
      ...{ powerPackage: "670hp", carProfile: "nextgen", closedEntryList: true },
    },
  };
}

function flagMessage(startMs: number, atMs: number, flag: "green" | "caution"): EventMessage {
  const flagChanged = { flag: `FLAG_STATE_${flag.toUpperCase()}` };
  return { ...envelope(`load-flag-${startMs}-${atMs}`, atMs), flagChanged };
}

/** What race control sends at one point of the script, each event at the moment at which it counts. */
export function scriptedMessages(
  { what }: ScriptedEvent,
  profile: Profile,
  startMs: number,
  nowMs: number,
): readonly EventMessage[] {
  if (what !== "pitStops") return [flagMessage(startMs, nowMs, what)];
  return Array.from({ length: profile.cars }, (_, index) => pitStop(carId(index), startMs, nowMs)).flat();
}

function pitStop(car: string, startMs: number, nowMs: number): readonly EventMessage[] {
  const event = (name: string, afterMs: number, more: object = {}) => ({
    ...envelope(`load-${name}-${startMs}-${nowMs}-${car}`, nowMs + afterMs),
    [name]: { car, ...more },
  });
  return [
    event("pitRoadEntered", 0),
    event("boxStopped", STOP_STEPS_MS.boxStopped),
    event("fuelFilled", STOP_STEPS_MS.fuelFilled, { litres: FILL_LITRES, full: true }),
    event("boxLeft", STOP_STEPS_MS.boxLeft),
    event("pitRoadLeft", STOP_STEPS_MS.pitRoadLeft),
  ];
}

function envelope(id: string, effectiveFromMs: number) {
  return { schemaVersion: 1, id, effectiveFromMs };
}
