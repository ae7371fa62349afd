import { type ControlEvent, ControlEventSchema, create, RaceDefinitionSchema } from "@burnline/contract";
import type { Source, SourceItem } from "./source.ts";

/**
 * The same source under another race id: a recording or a simulated race goes into the log that the processes of a
 * cluster were given, whatever it was called before.
 */
export function withRaceId(source: Source, raceId: string): Source {
  const before = source.race.race;
  if (before === raceId) return source;
  return {
    description: source.description,
    race: create(RaceDefinitionSchema, { ...source.race, race: raceId }),
    startMs: source.startMs,
    live: source.live,
    items: () => renamed(source.items(), before, raceId),
    ...(source.provisionalRace === undefined ? {} : { provisionalRace: source.provisionalRace }),
    ...(source.filePath === undefined ? {} : { filePath: source.filePath }),
    ...(source.close === undefined ? {} : { close: () => source.close?.() ?? Promise.resolve() }),
  };
}

async function* renamed(items: AsyncIterable<SourceItem>, before: string, raceId: string): AsyncGenerator<SourceItem> {
  for await (const item of items) {
    yield item.type === "control" ? { ...item, event: renamedEvent(item.event, before, raceId) } : item;
  }
}

/** Definitions of yet another race stay as they are, and are refused. */
function renamedEvent(event: ControlEvent, before: string, raceId: string): ControlEvent {
  if (event.event.case !== "raceDefinition" || event.event.value.race !== before) return event;
  const value = create(RaceDefinitionSchema, { ...event.event.value, race: raceId });
  return create(ControlEventSchema, { ...event, event: { case: "raceDefinition", value } });
}
