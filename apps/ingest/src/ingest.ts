import { resolve } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { RaceClock } from "@burnline/contract";
import { steadyClock } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { EventLog } from "@burnline/stream";
import type { QueueTiming } from "./append-queue.ts";
import { ArrivalClock } from "./arrival-clock.ts";
import type { IngestCounts } from "./ingest-counts.ts";
import { type IngestLogger, type IngestMetrics, noMetrics } from "./ingest-metrics.ts";
import { IngestSession } from "./ingest-session.ts";
import { LogClock } from "./log-clock.ts";
import { findLoggedRace } from "./logged-race.ts";
import { SPEED_MAX, SPEED_MIN, type Speed } from "./pace.ts";
import { type LiveClocks, Publisher } from "./publisher.ts";
import { RecordingWriter } from "./recording-writer.ts";
import { findResumePoint, otherRace, ResumeFilter } from "./resume-point.ts";
import { type Source, SourceError } from "./source.ts";

export interface IngestOptions {
  readonly raceLog: EventLog;
  readonly source: Source;
  readonly clock: Clock;
  /** True: the log's times come from the clock of another machine. */
  readonly isLogRemote?: boolean;
  readonly logger: IngestLogger;
  readonly metrics?: IngestMetrics;
  /** Told each time the mapping of event time to wall time changes. */
  readonly onRaceClock?: (clock: RaceClock) => void;
  readonly options?: {
    /** Default 1. A live source ignores it. */
    readonly speed?: Speed;
    /** Copy everything that arrives into this file. */
    readonly recordFile?: string;
  };
  /** For tests; default the machine's timers and chance. */
  readonly timing?: QueueTiming;
}

export interface Ingest {
  /** Opens what has to be opened and begins. @throws SourceError when the log belongs to something else. */
  start(): Promise<void>;
  /** Stops after the item in hand, with everything taken so far in the log. */
  stop(): Promise<void>;
  /** Resolves when the source has ended or stop() was called; rejects with SourceError or AppendError. */
  readonly done: Promise<void>;
  raceClock(): RaceClock | undefined;
  /** Since the race's first item, a fast-forward after a restart included. */
  counts(): IngestCounts | undefined;
}

/** Brings a source into a race log: resumes where the log stopped, paces, retries, records. */
export function createIngest(options: IngestOptions): Ingest {
  const finished = Promise.withResolvers<void>();
  // Whoever does not wait for the end must not be ended by an unhandled rejection; start() and done still reject.
  finished.promise.catch(() => {});
  let publisher: Publisher | undefined;
  let session: IngestSession | undefined;
  let isStopped = false;
  return {
    async start() {
      try {
        const prepared = await prepare(options);
        session = prepared.session;
        publisher = prepared.publisher;
      } catch (error) {
        await options.source.close?.();
        finished.reject(error);
        throw error;
      }
      if (isStopped) await publisher.stop();
      publisher
        .run()
        .finally(() => options.source.close?.())
        .then(finished.resolve, finished.reject);
    },
    async stop() {
      isStopped = true;
      if (publisher === undefined) return;
      await publisher.stop();
      await finished.promise.catch(() => {});
    },
    done: finished.promise,
    raceClock: () => publisher?.raceClock(),
    counts: () => session?.counts,
  };
}

async function prepare(options: IngestOptions): Promise<{ session: IngestSession; publisher: Publisher }> {
  const { source, raceLog, clock, logger } = options;
  const metrics = options.metrics ?? noMetrics;
  const speed = options.options?.speed ?? 1;
  if (speed !== "max" && !(speed >= SPEED_MIN && speed <= SPEED_MAX)) {
    throw new SourceError(`The speed is ${speed}; give a number from ${SPEED_MIN} to ${SPEED_MAX}, or max.`);
  }
  const logged = await findLoggedRace(raceLog);
  if (logged !== undefined && logged.definition.race !== source.race.race) {
    throw otherRace(logged.definition.race, source.race.race);
  }
  const race = source.provisionalRace === true && logged !== undefined ? logged.definition : source.race;
  const session = new IngestSession({ race, startMs: source.startMs, live: source.live });
  const point = source.live ? undefined : await findResumePoint(raceLog, race.race);
  if (point !== undefined)
    logger.info({ race: race.race, eventTimeMs: point.tickMs }, "going on where the log stopped");
  const recordFile = options.options?.recordFile;
  if (recordFile !== undefined && resolve(recordFile) === source.filePath) {
    throw new SourceError("The recording would overwrite the source; give another file to --record.");
  }
  const recorder =
    recordFile === undefined
      ? undefined
      : await RecordingWriter.open({
          path: recordFile,
          race,
          startMs: source.startMs,
          description: source.description,
          continues: source.live,
          metrics,
          logger,
        });
  const live = source.live ? liveClocks(options, race.race) : undefined;
  const publisher = new Publisher({
    log: raceLog,
    source,
    session,
    resume: new ResumeFilter(race.race, point),
    clock: live?.clock ?? clock,
    live,
    speed,
    metrics,
    logger,
    onRaceClock: options.onRaceClock ?? (() => {}),
    recorder,
    timing: options.timing ?? machineTiming,
  });
  return { session, publisher };
}

function liveClocks({ raceLog, clock, isLogRemote, logger, ...options }: IngestOptions, race: string): LiveClocks {
  const steady = { nowMs: (options.timing ?? machineTiming).steadyMs };
  const arrivals = new ArrivalClock({ wall: clock, steady, metrics: options.metrics ?? noMetrics, logger });
  const hearLog = (appendedAtMs: number) => arrivals.hearLog(appendedAtMs);
  return { clock: arrivals, logClock: isLogRemote === true ? new LogClock(raceLog, race, hearLog) : undefined };
}

const machineTiming: QueueTiming = {
  async sleep(ms, signal) {
    try {
      await setTimeout(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  },
  yieldTurn: () => setImmediate(),
  random: () => Math.random(),
  steadyMs: () => steadyClock.nowMs(),
};
