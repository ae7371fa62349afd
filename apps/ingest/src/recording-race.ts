import {
  CAR_ID_LENGTH_MAX,
  create,
  RACE_ID_LENGTH_MAX,
  type RaceDefinition,
  RaceDefinitionSchema,
} from "@burnline/contract";
import { SourceError, type SourceItem } from "./source.ts";

/** What the caller says about the one car of a recorded file. */
export interface RecordedRaceOptions {
  /** File name without its folder. */
  readonly fileName: string;
  readonly car: string;
  readonly carProfile: string;
  readonly track?: { readonly id: string; readonly name: string; readonly lengthM: number };
}

/** The race of a recorded file: one car, no schedule. The id comes from the file name, so a twin has the same one. */
export function recordedRace(options: RecordedRaceOptions): RaceDefinition {
  const stem = options.fileName.replace(/(\.inputs)?\.[^.]*$/, "");
  return create(RaceDefinitionSchema, {
    race: raceIdOf(stem),
    name: stem.slice(0, RACE_ID_LENGTH_MAX),
    track: options.track ?? { id: "unknown", name: "Unknown track", lengthM: 0 },
    entries: [{ car: options.car, carProfile: options.carProfile }],
    carProfile: options.carProfile,
    closedEntryList: true,
  });
}

/** Letters, digits, - and _ stay, everything else becomes one "-". */
function raceIdOf(text: string): string {
  const id = text
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, RACE_ID_LENGTH_MAX);
  return id === "" ? "recording" : id;
}

/**
 * Event time at which a recording starts: that of its first frame, a whole multiple of 100 ms.
 * @throws SourceError when nothing in the file is a sample.
 */
export async function firstFrameMs(fileName: string, items: AsyncIterable<SourceItem>): Promise<number> {
  for await (const item of items) if (item.type === "frame") return item.frame.eventTimeMs;
  throw new SourceError(`${fileName}: the file holds no usable sample; record a session in which the car drives.`);
}

export const DEFAULT_CAR = "1";
export const DEFAULT_CAR_PROFILE = "generic";

/** Shown in messages about a car id that cannot be one. */
export const CAR_ID_RULE = `a car id has 1 to ${CAR_ID_LENGTH_MAX} letters, digits, "-" and "_"`;
