import { CAR_PROFILE_IDS } from "@burnline/fuel";
import { openSource, type Source } from "@burnline/ingest";
import { wallClock } from "@burnline/runtime";
import type { SourceConfig } from "./config.ts";

/** What only the live chain knows about its source. */
export interface SourceExtras {
  /** Event time at which a simulated race starts. */
  readonly startMs?: number;
  readonly raceFile?: string | undefined;
  readonly truthFile?: string | undefined;
}

/** Opens the source that the configuration names. @throws SourceError with one sentence for the user. */
export function openConfiguredSource(config: SourceConfig, extras: SourceExtras = {}): Promise<Source> {
  const { source, events, track, seed, cars, rate, laps, carProfile, carId, trackLengthM } = config;
  return openSource(source, {
    clock: wallClock,
    ...(events === undefined ? {} : { eventsFile: events }),
    ...(extras.raceFile === undefined ? {} : { raceFile: extras.raceFile }),
    ...(extras.truthFile === undefined ? {} : { truthFile: extras.truthFile }),
    recorded: {
      knownCarProfiles: new Set(CAR_PROFILE_IDS),
      ...(carId === undefined ? {} : { car: carId }),
      ...(carProfile === undefined ? {} : { carProfile }),
      ...(trackLengthM === undefined ? {} : { trackLengthM }),
    },
    sim: {
      ...{ seed, track, cars, sampleRateHz: rate },
      ...(laps === undefined ? {} : { laps }),
      ...(extras.startMs === undefined ? {} : { startMs: extras.startMs }),
    },
  });
}
