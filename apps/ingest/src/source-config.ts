import { wallClock } from "@burnline/runtime";
import { z } from "zod";
import { openSource } from "./open-source.ts";
import type { Source } from "./source.ts";
import { CLUSTER_SOURCE_FORMS } from "./source-address.ts";

/** Settings of a program that opens a source. */
export const sourceKeys = {
  source: z.string().default("sim").describe(`Where telemetry comes from: ${CLUSTER_SOURCE_FORMS}`),
  events: z.string().optional().describe("A JSON file with fills, flags and pit events to put beside a recording"),
  track: z.string().default("charlotte").describe("Track of the simulator: charlotte, michigan or nashville"),
  seed: z.int().min(0).max(0xffff_ffff).default(1).describe("Seed of the simulator; the same seed is the same race"),
  cars: z.int().min(1).max(40).default(40).describe("Cars of the simulator"),
  rate: z.int().min(10).max(120).default(60).describe("Samples per second and car of the simulator"),
  laps: z.int().min(1).max(2_000).optional().describe("Race distance of the simulator; the track's own when absent"),
  carProfile: z.string().optional().describe("Car profile of a recording; by default what the file names"),
  carId: z.string().optional().describe("Car id of an .ibt or CSV recording [1]"),
  trackLengthM: z.number().positive().max(50_000).optional().describe("Length of a lap in metres, for a CSV recording"),
  raceFile: z.string().optional().describe("JSON file with the race definition of a live source"),
};

const sourceSchema = z.object(sourceKeys);
export type SourceConfig = z.output<typeof sourceSchema>;

export interface SourcePlace {
  readonly race: string;
  /** Event time at which a simulated race starts. */
  readonly startMs?: number;
  readonly truthFile?: string | undefined;
}

/** Opens the source that the configuration names. @throws SourceError with one sentence for the user. */
export function openConfiguredSource(config: SourceConfig, place: SourcePlace): Promise<Source> {
  const { source, events, track, seed, cars, rate, laps, carProfile, carId, trackLengthM, raceFile } = config;
  return openSource(source, {
    clock: wallClock,
    hasNats: true,
    raceId: place.race,
    ...(events === undefined ? {} : { eventsFile: events }),
    ...(raceFile === undefined ? {} : { raceFile }),
    ...(place.truthFile === undefined ? {} : { truthFile: place.truthFile }),
    recorded: {
      ...(carId === undefined ? {} : { car: carId }),
      ...(carProfile === undefined ? {} : { carProfile }),
      ...(trackLengthM === undefined ? {} : { trackLengthM }),
    },
    sim: {
      ...{ seed, track, cars, sampleRateHz: rate },
      ...(laps === undefined ? {} : { laps }),
      ...(place.startMs === undefined ? {} : { startMs: place.startMs }),
    },
  });
}
