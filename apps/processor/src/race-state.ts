import {
  type ControlEvent,
  create,
  type Entry,
  FlagState,
  fromJson,
  type RaceDefinition,
  RaceDefinitionSchema,
  toJson,
} from "@burnline/contract";
import { type CarContext, findCarProfile, REGIME_GREEN, type Regime, reduceFlag } from "@burnline/fuel";
import { assert } from "@burnline/std";
import { BroadcastTimeline, type TimelineEntry } from "@burnline/stream";

/** Ids of control events that are remembered to count each once. A race has a few hundred. */
const CONTROL_IDS_MAX = 2048;

const DEFAULT_PROFILE = "generic";

interface StoredRace {
  definition: unknown;
  flags: TimelineEntry<FlagState>[];
  regimes: TimelineEntry<Regime>[];
  stageNumber: number;
  controlIds: string[];
  revision: number;
  degraded: boolean;
}

/** What holds for every car of a race: definition, flags by event time, stage. The broadcast state of each partition. */
export class RaceState {
  readonly race: string;
  readonly flags = new BroadcastTimeline<FlagState>(FlagState.UNSPECIFIED);
  readonly regimes = new BroadcastTimeline<Regime>(REGIME_GREEN);
  definition: RaceDefinition;
  stageNumber = 1;
  /** Revision of the race fact. */
  revision = -1;
  /** Records are gone from the log: trimmed before they were counted, or counted and then lost with its tail. */
  degraded = false;
  changed = false;
  #controlIds = new Set<string>();

  constructor(race: string) {
    this.race = race;
    this.definition = create(RaceDefinitionSchema, { race });
  }

  /** False when the event was seen before. */
  accept(event: ControlEvent): boolean {
    if (this.#controlIds.has(event.id)) return false;
    this.#controlIds.add(event.id);
    if (this.#controlIds.size > CONTROL_IDS_MAX) {
      const oldest = this.#controlIds.values().next().value;
      if (oldest !== undefined) this.#controlIds.delete(oldest);
    }
    this.changed = true;
    return true;
  }

  setFlag(flag: FlagState, fromMs: number): void {
    const previous = this.flags.at(fromMs);
    this.flags.set(fromMs, flag);
    const greenLapMs = (this.definition.track?.greenLapS ?? 0) * 1000;
    const changes = reduceFlag(previous, { flag, fromMs }, { greenLapMs });
    // A flag that changes nothing (green again, white) leaves the end of a running restart where it was.
    if (changes.length === 0) return;
    this.regimes.truncateFrom(fromMs);
    for (const change of changes) this.regimes.set(change.fromMs, change.regime);
  }

  entryOf(car: string): Entry | undefined {
    return this.definition.entries.find((entry) => entry.car === car);
  }

  carContext(car: string): CarContext {
    const { definition } = this;
    const entry = this.entryOf(car);
    const profileId = entry?.carProfile || definition.carProfile || DEFAULT_PROFILE;
    const profile = findCarProfile(profileId) ?? findCarProfile(DEFAULT_PROFILE);
    assert(profile !== undefined, "the generic car profile is missing");
    return {
      race: this.race,
      car,
      profile,
      track: {
        lengthM: definition.track?.lengthM ?? 0,
        greenLapS: definition.track?.greenLapS ?? 0,
        greenBurnKgPerLap: definition.track?.greenBurnKgPerLap ?? 0,
      },
      ...(entry === undefined ? {} : { entry }),
      scheduledLaps: definition.scheduledLaps,
      stageEndLaps: definition.stageEndLaps,
      stageNumber: this.stageNumber,
    };
  }

  encode(): Uint8Array {
    const stored: StoredRace = {
      definition: toJson(RaceDefinitionSchema, this.definition),
      flags: [...this.flags.entries],
      regimes: [...this.regimes.entries],
      stageNumber: this.stageNumber,
      controlIds: [...this.#controlIds],
      revision: this.revision,
      degraded: this.degraded,
    };
    return Buffer.from(JSON.stringify(stored));
  }

  restore(bytes: Uint8Array): void {
    const stored = JSON.parse(Buffer.from(bytes).toString()) as StoredRace;
    this.definition = fromJson(RaceDefinitionSchema, stored.definition as Parameters<typeof fromJson>[1]);
    this.flags.restore(stored.flags);
    this.regimes.restore(stored.regimes);
    this.stageNumber = stored.stageNumber;
    this.#controlIds = new Set(stored.controlIds);
    this.revision = stored.revision;
    this.degraded = stored.degraded;
  }
}
