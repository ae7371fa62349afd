import { FACT_SCHEMA_VERSION, type Fact, isCarId, type LiveValue } from "@burnline/contract";

/** What became of an input: taken, not newer than what is shown, or the reason why it was refused. */
export type Outcome = "applied" | "older" | Refusal;
export type Refusal =
  | "undecodable"
  | "unknown-schema-version"
  | "foreign-race"
  | "bad-car-id"
  | "bad-event-time"
  | "empty"
  | "too-many-cars";

/** The first thing wrong with a fact, or undefined. A time that is no number would win or lose every comparison. */
export function factRefusal(fact: Fact, race: string): Refusal | undefined {
  if (fact.schemaVersion !== FACT_SCHEMA_VERSION) return "unknown-schema-version";
  if (fact.race !== race) return "foreign-race";
  if (fact.body.case === undefined) return "empty";
  const isOfRace = fact.body.case === "raceState" || fact.body.case === "dataGap";
  if (!isOfRace && !isCarId(fact.car)) return "bad-car-id";
  if (!isEventTime(fact.eventTimeMs)) return "bad-event-time";
  switch (fact.body.case) {
    case "lap":
      return isEventTime(fact.body.value.startMs) ? undefined : "bad-event-time";
    case "burnWindow":
      return isEventTime(fact.body.value.startMs) && isEventTime(fact.body.value.endMs) ? undefined : "bad-event-time";
    default:
      return undefined;
  }
}

export function liveRefusal(live: LiveValue, race: string): Refusal | undefined {
  if (live.race !== race) return "foreign-race";
  if (!isCarId(live.car)) return "bad-car-id";
  return isEventTime(live.eventTimeMs) ? undefined : "bad-event-time";
}

function isEventTime(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
