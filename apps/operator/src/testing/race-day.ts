import { FlagState } from "@burnline/contract";
import type { FeedSeen } from "../race-phase.ts";
import { type AppSeen, type Observed, type PlanSettings, plan, type RacePlan } from "../race-plan.ts";
import type { Race, RaceSpec, WARM_APPS } from "../race-resource.ts";

/** The green flag of the tests. */
export const START_MS = Date.UTC(2026, 1, 15, 19, 30);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export const SETTINGS: PlanSettings = { streamBytesCap: 8 * 1024 ** 3, hasBucket: true };

export function spec(overrides: Partial<RaceSpec> = {}): RaceSpec {
  return {
    ...{ track: "daytona", startMs: START_MS, durationMinutes: 180, feed: "push" },
    ...{ expectedCars: 40, sampleRateHz: 120, warmUpMinutes: 60, retentionDays: 3, isArchived: true },
    removeStreams: "AfterArchive",
    ...overrides,
  };
}

export function race(overrides: Partial<Omit<Race, "spec">> & { spec?: Partial<RaceSpec> } = {}): Race {
  return {
    ...{ namespace: "burnline", name: "daytona", uid: "uid-1", generation: 1, resourceVersion: "1" },
    ...{ createdMs: START_MS - 48 * HOUR_MS, raceId: "daytona", status: undefined },
    ...overrides,
    spec: spec(overrides.spec),
  };
}

export function feed(overrides: Partial<FeedSeen> = {}): FeedSeen {
  return { frames: 0, cars: 0, quietMs: 0, flags: [], ...overrides };
}

export const flag = (state: FlagState, appendedAtMs: number) => ({ flag: state, appendedAtMs });
export const GREEN_SEEN = [flag(FlagState.GREEN, START_MS)];
export const CHECKERED_SEEN = [...GREEN_SEEN, flag(FlagState.CHECKERED, START_MS + 150 * MINUTE_MS)];

export const appsOf = (replicas: number, ready = replicas): Readonly<Record<(typeof WARM_APPS)[number], AppSeen>> => {
  const seen = { wanted: replicas, running: replicas, ready };
  return { ingest: seen, processor: seen, inference: seen, gateway: seen };
};

export function observed(overrides: Partial<Observed> = {}): Observed {
  return {
    ...{ olderRace: undefined, apps: appsOf(2), streams: { state: "unknown" }, feed: feed() },
    ...{ archive: { state: "none" }, removal: { state: "none" }, isRoomWanted: false },
    ...overrides,
  };
}

/** A race and its surroundings, in which plans are carried out at once. */
export class RaceDay {
  race: Race;
  observed: Observed;
  readonly plans: RacePlan[] = [];
  readonly #settings: PlanSettings;

  constructor(first: Race = race(), surroundings: Observed = observed(), settings: PlanSettings = SETTINGS) {
    this.race = first;
    this.observed = surroundings;
    this.#settings = settings;
  }

  /** Plans once and carries it out: what the operator's shell and KEDA would do. */
  step(nowMs: number): RacePlan {
    const made = plan(this.race, this.observed, this.#settings, nowMs);
    this.plans.push(made);
    this.race = { ...this.race, status: made.status };
    for (const command of made.commands) {
      if (command.type === "ensureStreams")
        this.observed = { ...this.observed, streams: { state: "ready", limits: command.limits } };
      else if (command.type === "removeStreams")
        this.observed = { ...this.observed, removal: { state: "done", totals: { streams: ["RACE-daytona"] } } };
      else {
        const totals = { uri: "s3://b/burnline/daytona", frames: 1, facts: 1, objects: 3, bytes: 100 };
        this.observed = { ...this.observed, archive: { state: "done", totals } };
      }
    }
    return made;
  }

  /** Steps until a plan changes nothing; fails when that never comes. */
  settle(nowMs: number): RacePlan {
    for (let round = 0; round < 6; round++) {
      const before = JSON.stringify(this.race.status);
      const made = this.step(nowMs);
      if (JSON.stringify(made.status) === before && made.commands.length === 0 && made.events.length === 0) return made;
    }
    throw new Error("planning does not settle");
  }

  get phase() {
    return this.race.status?.phase;
  }

  condition(type: string) {
    return this.race.status?.conditions.find((condition) => condition.type === type);
  }
}
