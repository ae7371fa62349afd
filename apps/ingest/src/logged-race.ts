import { ControlEventSchema, fromBinary, type RaceDefinition, subjects } from "@burnline/contract";
import type { EventLog, LogRecord } from "@burnline/stream";

/** The race that a log was begun for. */
export interface LoggedRace {
  /** The newest definition in the log. */
  readonly definition: RaceDefinition;
  /** Start of the race as the log's first definition says; a simulator is resumed with this. */
  readonly startMs: number;
}

/** @returns undefined for a log that holds no race definition yet. */
export async function findLoggedRace(log: EventLog): Promise<LoggedRace | undefined> {
  const race = await firstRaceId(log);
  if (race === undefined) return undefined;
  const reader = await log.open({
    partition: 0,
    subjectPrefix: subjects.control(race, 0, "race_definition"),
    after: 0,
  });
  try {
    const records = await reader.next(1, 0);
    const first = definitionOf(records[0]);
    const newest = definitionOf(await log.newest(0, subjects.control(race, 0, "race_definition")));
    if (first === undefined || newest === undefined) return undefined;
    return { definition: newest.definition, startMs: first.startMs };
  } finally {
    await reader.close();
  }
}

async function firstRaceId(log: EventLog): Promise<string | undefined> {
  const reader = await log.open({ subjectPrefix: "race.", after: 0 });
  try {
    const [record] = await reader.next(1, 0);
    return record?.subject.split(".")[1];
  } finally {
    await reader.close();
  }
}

function definitionOf(record: LogRecord | undefined): LoggedRace | undefined {
  if (record === undefined) return undefined;
  const event = fromBinary(ControlEventSchema, record.payload);
  if (event.event.case !== "raceDefinition") return undefined;
  return { definition: event.event.value, startMs: event.effectiveFromMs };
}
