import { conditionsOf, transitioned, type Verdict } from "./race-conditions.ts";
import { eventsOf, type RaceEvent } from "./race-events.ts";
import { type FeedSeen, factsOf, isBeforeArchive, isFrozen, nextPhase, warmUpMs } from "./race-phase.ts";
import type { RemovalTotals } from "./race-removal.ts";
import {
  type ArchiveTotals,
  PHASES,
  type Phase,
  type Race,
  type RaceStatus,
  type Replicas,
  WARM_APPS,
  type WarmApp,
} from "./race-resource.ts";
import type { RunSeen } from "./race-runs.ts";
import { removalStand } from "./removal-stand.ts";
import { type StreamSizes, streamSizes } from "./stream-size.ts";
import { frozen, warmCapacity } from "./warm-capacity.ts";

const DAY_MS = 24 * 3_600_000;
/** The race's streams may forget it soon after; an archive that failed so long is given up. */
const ARCHIVE_MS_MAX = DAY_MS;

/** A Deployment of the release. */
export interface AppSeen {
  readonly wanted: number;
  readonly running: number;
  readonly ready: number;
}

export interface StreamLimits {
  readonly raceBytesMax: number;
  readonly factBytesMax: number;
  readonly maxAgeMs: number;
}

/** unknown: not looked at for a while. refused: somebody has to do something. unreachable: it is tried again. */
export type StreamsSeen =
  | { readonly state: "unknown" }
  | { readonly state: "ready"; readonly limits: StreamLimits }
  | { readonly state: "refused" | "unreachable"; readonly message: string };

/** What the shell saw of one race's surroundings. */
export interface Observed {
  /** Name of the Race that has this race id already. */
  readonly olderRace: string | undefined;
  readonly apps: Readonly<Partial<Record<WarmApp, AppSeen>>>;
  readonly streams: StreamsSeen;
  /** undefined: unknown, as when NATS does not answer. */
  readonly feed: FeedSeen | undefined;
  readonly archive: RunSeen<ArchiveTotals>;
  readonly removal: RunSeen<RemovalTotals>;
  /** Another race is to come, or its release is here already: streams reserve what they may grow to. */
  readonly isRoomWanted: boolean;
}

export interface PlanSettings {
  /** Disk that each stream may take at most. */
  readonly streamBytesCap: number;
  readonly hasBucket: boolean;
}

export type RaceCommand =
  | { readonly type: "ensureStreams"; readonly limits: StreamLimits }
  | { readonly type: "archiveRace" }
  | { readonly type: "removeStreams" };

export interface RacePlan {
  readonly status: RaceStatus;
  readonly commands: readonly RaceCommand[];
  readonly events: readonly RaceEvent[];
}

/** What a race needs now. Planned again with the same surroundings and the status that it wrote, it changes nothing. */
export function plan(race: Race, observed: Observed, settings: PlanSettings, nowMs: number): RacePlan {
  const { spec, status: before } = race;
  const isAccepted = observed.olderRace === undefined;
  const sizes = streamSizes(spec, settings.streamBytesCap);
  const verdictsIn = (phase: Phase) =>
    conditionsOf({ race, observed, settings, sizes, phase, warm: warmIn(phase, race, observed), nowMs });
  const phase = isAccepted ? settle(race, observed, settings, nowMs, verdictsIn) : "Pending";
  const status: RaceStatus = {
    phase,
    phaseSince: phase === before?.phase ? before.phaseSince : toTime(nowMs),
    observedGeneration: isEditUnread(race, observed) ? (before?.observedGeneration ?? 0) : race.generation,
    raceId: race.raceId,
    warm: isAccepted ? warmIn(phase, race, observed) : {},
    streams: { raceBytesMax: sizes.race.bytesMax, factBytesMax: sizes.fact.bytesMax },
    ...(phase === "Pending" ? {} : { warmUpFrom: warmUpFrom(race) }),
    ...archiveTotals(before, observed),
    conditions: transitioned(before?.conditions ?? [], verdictsIn(phase), race.generation, toTime(nowMs)),
  };
  const commands = isAccepted ? commandsOf(race, observed, settings, phase, sizes) : [];
  return { status, commands, events: eventsOf(race, status) };
}

/** Follows the phases as far as they go now, so that planning again finds nothing more to do. */
function settle(
  race: Race,
  observed: Observed,
  settings: PlanSettings,
  nowMs: number,
  verdictsIn: (phase: Phase) => readonly Verdict[],
): Phase {
  const { spec, status } = race;
  const facts = {
    ...factsOf(spec, observed.feed, nowMs, Date.parse(warmUpFrom(race))),
    isEdited: isEdited(race) && !isEditUnread(race, observed),
    isArchiveOver: isArchiveOver(race, observed, settings, nowMs),
  };
  let phase: Phase = status?.phase ?? "Pending";
  for (let step = 0; step < PHASES.length; step++) {
    const isReady = verdictsIn(phase).some(({ type, status: verdict }) => type === "RaceReady" && verdict === "True");
    const next = nextPhase(phase, { ...facts, isReady });
    if (next === phase) break;
    phase = next;
  }
  return phase;
}

function isEdited({ status, generation }: Race): boolean {
  return status !== undefined && status.observedGeneration !== generation;
}

/** Whether an edit postpones a race that runs depends on its flags: it is taken up when the log can be read. */
function isEditUnread(race: Race, { feed }: Observed): boolean {
  return (
    isEdited(race) && feed === undefined && (race.status?.phase === "Racing" || race.status?.phase === "Finishing")
  );
}

/** From when flags are the race's own: an edit in the middle of it does not undo them. */
function warmUpFrom({ spec, status }: Race): string {
  return status?.warmUpFrom ?? toTime(warmUpMs(spec));
}

function isArchiveOver(race: Race, observed: Observed, { hasBucket }: PlanSettings, nowMs: number): boolean {
  if (!race.spec.isArchived || !hasBucket || observed.archive.state === "done") return true;
  const { status } = race;
  const sinceMs = status?.phase === "Archiving" ? Date.parse(status.phaseSince) : nowMs;
  return observed.archive.state === "failed" && nowMs - sinceMs >= ARCHIVE_MS_MAX;
}

/** Before and after a race day no replicas are asked for: what the load itself asks for is enough. */
function warmIn(phase: Phase, race: Race, observed: Observed): Replicas {
  const capacity = warmCapacity(race.spec);
  const heldBefore = race.status !== undefined && isFrozen(race.status.phase) ? race.status.warm : {};
  return Object.fromEntries(
    WARM_APPS.map((app) => {
      const seen = observed.apps[app];
      // While a rollout surges more run than are wanted; they are not to stay.
      const running = seen === undefined ? 0 : Math.min(seen.wanted, seen.running);
      return [app, isFrozen(phase) ? frozen(app, capacity[app], heldBefore[app], running) : 0];
    }),
  );
}

function commandsOf(
  race: Race,
  observed: Observed,
  settings: PlanSettings,
  phase: Phase,
  sizes: StreamSizes,
): readonly RaceCommand[] {
  const { streams, archive, removal } = observed;
  const limits: StreamLimits = {
    raceBytesMax: sizes.race.bytesMax,
    factBytesMax: sizes.fact.bytesMax,
    maxAgeMs: race.spec.retentionDays * DAY_MS,
  };
  // Long before the warm-up: apps that take the streams as they are cannot start without.
  const areStreamsRight = streams.state === "ready" && sameLimits(streams.limits, limits);
  if (isBeforeArchive(phase)) return areStreamsRight ? [] : [{ type: "ensureStreams", limits }];
  if (phase === "Archiving" && race.spec.isArchived && settings.hasBucket && isRunDue(archive))
    return [{ type: "archiveRace" }];
  if (removalStand({ race, observed, settings, phase }) === "due" && isRunDue(removal))
    return [{ type: "removeStreams" }];
  return [];
}

function isRunDue(run: RunSeen<unknown>): boolean {
  return run.state === "none" || (run.state === "failed" && run.isRetryDue);
}

function sameLimits(a: StreamLimits, b: StreamLimits): boolean {
  return a.raceBytesMax === b.raceBytesMax && a.factBytesMax === b.factBytesMax && a.maxAgeMs === b.maxAgeMs;
}

function archiveTotals(before: RaceStatus | undefined, { archive }: Observed): { archive?: ArchiveTotals } {
  if (archive.state === "done") return { archive: archive.totals };
  return before?.archive === undefined ? {} : { archive: before.archive };
}

function toTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
