import { fromJsonString, isRaceId, type RaceDefinition, RaceDefinitionSchema } from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import { raceDefinitionFault } from "./control-admission.ts";

/** A larger race definition file is refused: 128 entries have some 30 kB. */
export const RACE_FILE_BYTES_MAX = 1024 * 1024;

/**
 * Reads a race definition from JSON, in protobuf's JSON mapping of RaceDefinition.
 * @returns the definition, or what is wrong as the middle of a sentence.
 */
export function parseRaceDefinition(text: string): Result<RaceDefinition, string> {
  let race: RaceDefinition;
  try {
    race = fromJsonString(RaceDefinitionSchema, text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/\s+/g, " ").slice(0, 160) : "";
    return err(`the race definition cannot be read (${why}); correct it`);
  }
  if (!isRaceId(race.race)) {
    return err('the field "race" of the race definition must be 1 to 64 letters, digits, "-" or "_"; correct it');
  }
  if (raceDefinitionFault(race, race.race) !== undefined) {
    return err(
      "the race definition has a car twice, a car name with other characters than letters, digits, - and _, or stages that do not rise; correct it",
    );
  }
  return ok(race);
}
