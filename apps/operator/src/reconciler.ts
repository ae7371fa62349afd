import { isDeepStrictEqual } from "node:util";
import { type Logger, OperatingError } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { EventRecorder } from "./event-recorder.ts";
import type { InitialStreams } from "./initial-streams.ts";
import { ConflictError, type KubeApi } from "./kube-api.ts";
import type { OperatorMetrics } from "./operator-metrics.ts";
import type { RaceLogs } from "./race-logs.ts";
import { type Observed, type PlanSettings, plan, type RaceCommand, type RacePlan } from "./race-plan.ts";
import type { RemovalTotals } from "./race-removal.ts";
import { type ArchiveTotals, parseRace, type Race } from "./race-resource.ts";
import type { RaceRuns } from "./race-runs.ts";
import type { RaceShelf } from "./race-shelf.ts";
import { ReconcileQueue } from "./reconcile-queue.ts";

/** Time passes and feeds fall silent without an event from Kubernetes: every Race is looked at so often. */
const RESYNC_MS = 5_000;
/** Stands in the queue for all releases; no Race can have this name. */
const RELEASES = "*";

type Runs<T> = Pick<RaceRuns<T>, "seen" | "start" | "keepOnly">;

export interface ReconcilerOptions {
  readonly shelf: Pick<RaceShelf, "races" | "olderThan" | "apps" | "releases" | "isRoomWantedBeside" | "isSynced">;
  readonly logs: Pick<RaceLogs, "streams" | "ensure" | "feed" | "keepOnly">;
  readonly archives: Runs<ArchiveTotals>;
  readonly removals: Runs<RemovalTotals>;
  readonly kube: Pick<KubeApi, "patchRaceStatus">;
  readonly initialStreams: Pick<InitialStreams, "make">;
  readonly events: Pick<EventRecorder, "record">;
  readonly settings: PlanSettings;
  readonly clock: Clock;
  readonly steadyClock: Clock;
  readonly logger: Logger;
  readonly metrics: OperatorMetrics;
  readonly isLeader: () => boolean;
  readonly resyncMs?: number;
}

/** Looks at each Race when something changed and every few seconds, and carries out its plan; only while it leads. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #queue = new ReconcileQueue();
  #resync: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};
  #loop: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#resync = setInterval(() => this.#lookAtAll(), this.#options.resyncMs ?? RESYNC_MS);
    this.#loop = this.#run();
    this.#lookAtAll();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#resync);
    this.#wake();
    await this.#loop;
  }

  /** Something about a Race of this name, or about all of them, may have changed. */
  look(name?: string): void {
    if (name === undefined) this.#lookAtAll();
    else this.#add(name);
  }

  #lookAtAll(): void {
    const races = this.#options.shelf.races();
    this.#options.metrics.races(races);
    for (const { name } of races) this.#add(name);
    this.#add(RELEASES);
  }

  #add(name: string): void {
    this.#queue.add(name, this.#options.steadyClock.nowMs());
    this.#options.metrics.queue(this.#queue.size, this.#queue.dropped);
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const { steadyClock } = this.#options;
      const name = this.#queue.take(steadyClock.nowMs());
      if (name === undefined) await this.#waitMs(this.#queue.waitMs(steadyClock.nowMs()));
      else if (this.#options.isLeader() && this.#options.shelf.isSynced) await this.#lookAt(name);
    }
  }

  async #waitMs(ms: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }

  async #lookAt(name: string): Promise<void> {
    const { metrics, logger, steadyClock } = this.#options;
    const stopTimer = metrics.startTimer();
    try {
      metrics.reconciled(await this.#reconcile(name));
      this.#queue.succeeded(name);
    } catch (error) {
      const isConflict = error instanceof ConflictError;
      metrics.reconciled(isConflict ? "conflict" : "failed");
      if (!isConflict) logger.warn({ err: error, race: name }, "a Race could not be looked after, it is tried again");
      // The watch brings what the other one wrote; a programmer's error must not stop the other Races.
      if (!isConflict && !(error instanceof OperatingError)) logger.error({ err: error }, "this should not happen");
      this.#queue.failed(name, steadyClock.nowMs());
    } finally {
      stopTimer();
    }
  }

  async #reconcile(name: string): Promise<"unchanged" | "changed"> {
    const { shelf, logs, archives, removals, initialStreams } = this.#options;
    const all = shelf.races();
    await logs.keepOnly(new Set([...all.map(({ raceId }) => raceId), ...shelf.releases()]));
    for (const runs of [archives, removals]) runs.keepOnly(new Set(all.map(({ uid }) => uid)));
    if (name === RELEASES) return initialStreams.make();
    const race = all.find((one) => one.name === name);
    if (race === undefined) return "unchanged";
    const first = await this.#step(race);
    if (first.commands.length === 0) return first.race === race ? "unchanged" : "changed";
    await this.#carryOut(first.race, first.commands);
    // Says what came of them; what is to be done next waits for the next look, so that no race holds up the others.
    const second = await this.#step(first.race);
    return second.race === race ? "unchanged" : "changed";
  }

  /** Plans and writes; the race as it then is, the very same when nothing had to be written. */
  async #step(race: Race): Promise<{ readonly race: Race; readonly commands: readonly RaceCommand[] }> {
    const { clock, settings } = this.#options;
    const made = plan(race, await this.#observe(race), settings, clock.nowMs());
    const isWritten = isDeepStrictEqual(made.status, race.status);
    return { race: isWritten ? race : await this.#write(race, made), commands: made.commands };
  }

  async #observe(race: Race): Promise<Observed> {
    const { shelf, logs, archives, removals } = this.#options;
    const olderRace = shelf.olderThan(race);
    const isOver = race.status?.phase === "Archiving" || race.status?.phase === "Done";
    return {
      ...{ olderRace, apps: shelf.apps(race.raceId), streams: logs.streams(race.raceId) },
      feed: olderRace !== undefined || isOver ? undefined : await logs.feed(race.raceId),
      ...{ archive: archives.seen(race), removal: removals.seen(race) },
      isRoomWanted: shelf.isRoomWantedBeside(race.raceId),
    };
  }

  async #write(race: Race, { status, events }: RacePlan): Promise<Race> {
    const { kube, clock, logger } = this.#options;
    const written = parseRace(await kube.patchRaceStatus(race, status));
    if (status.phase !== race.status?.phase)
      logger.info({ race: race.raceId, from: race.status?.phase, to: status.phase }, "a race is in another phase");
    for (const event of events) await this.#options.events.record(race, event, clock.nowMs());
    return written.ok ? written.value : race;
  }

  async #carryOut(race: Race, commands: readonly RaceCommand[]): Promise<void> {
    for (const command of commands) {
      if (command.type === "ensureStreams") await this.#options.logs.ensure(race.raceId, command.limits);
      else if (command.type === "archiveRace") this.#options.archives.start(race);
      else this.#options.removals.start(race);
    }
  }
}
