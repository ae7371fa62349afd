import { ControlEventSchema, fromBinary, subjects } from "@burnline/contract";
import {
  ensureRaceStreams,
  type Logger,
  type NatsEventLog,
  type NatsLink,
  openFactLog,
  openRaceLog,
  type RaceStreamIds,
  raceActivity,
  raceStreamIds,
  removeRaceStreams,
  StorageError,
} from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { FeedSeen, FlagSeen } from "./race-phase.ts";
import type { StreamLimits, StreamsSeen } from "./race-plan.ts";

/** Made streams are looked at again so often, in case somebody changed or removed them. */
const STREAM_CHECK_MS = 60_000;
/** Flags of a race number some dozens; the oldest are forgotten beyond this. */
const FLAGS_MAX = 1_000;
const READ_RECORDS_MAX = 200;
const READ_MS_MAX = 100;

/** What is known of one race's streams. */
interface Followed {
  streams: StreamsSeen;
  checkedMs: number;
  frames: number;
  changedMs: number;
  flags: FlagSeen[];
  reader: Awaited<ReturnType<NatsEventLog["open"]>> | undefined;
}

export interface RaceLogsOptions {
  readonly link: NatsLink;
  /** Copies of each stream. */
  readonly replicas: number;
  readonly logger: Logger;
  /** One that does not jump. */
  readonly steadyClock: Clock;
}

/** The operator's eyes and hands at NATS. */
export class RaceLogs {
  readonly #options: RaceLogsOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: RaceLogsOptions) {
    this.#options = options;
  }

  streams(raceId: string): StreamsSeen {
    const followed = this.#followed.get(raceId);
    if (followed === undefined) return { state: "unknown" };
    const isOld = this.#options.steadyClock.nowMs() - followed.checkedMs >= STREAM_CHECK_MS;
    return isOld && followed.streams.state === "ready" ? { state: "unknown" } : followed.streams;
  }

  /** Makes the streams, or lets them grow; what came of it is in `streams`. */
  async ensure(raceId: string, limits: StreamLimits): Promise<void> {
    const { link, replicas, logger, steadyClock } = this.#options;
    const followed = this.#follow(raceId);
    followed.streams = await ensureRaceStreams(link, raceId, { replicas, ...limits }, logger).then(
      () => ({ state: "ready", limits }),
      toStreamsSeen,
    );
    followed.checkedMs = steadyClock.nowMs();
  }

  /** What the race's log shows; undefined when it cannot be looked at. */
  async feed(raceId: string): Promise<FeedSeen | undefined> {
    const { link, logger, steadyClock } = this.#options;
    const followed = this.#follow(raceId);
    try {
      const { frames, cars } = (await raceActivity(link, raceId)) ?? { frames: 0, cars: 0 };
      if (frames !== followed.frames) followed.changedMs = steadyClock.nowMs();
      followed.frames = frames;
      if (frames > 0 || followed.streams.state === "ready") await this.#readFlags(raceId, followed);
      return { frames, cars, quietMs: steadyClock.nowMs() - followed.changedMs, flags: followed.flags };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      logger.warn({ err: error, race: raceId }, "the race log could not be looked at");
      await this.#dropReader(followed);
      return undefined;
    }
  }

  /** The logs to archive from. */
  async open(raceId: string): Promise<{ readonly raceLog: NatsEventLog; readonly factLog: NatsEventLog }> {
    const { link, logger } = this.#options;
    return {
      raceLog: await openRaceLog(link, raceId, AS_IT_IS, logger),
      factLog: await openFactLog(link, raceId, AS_IT_IS, logger),
    };
  }

  streamIds(raceId: string): Promise<RaceStreamIds> {
    return raceStreamIds(this.#options.link, raceId);
  }

  /** Of a log that is there. */
  async lastPosition(raceId: string, log: keyof RaceStreamIds): Promise<number> {
    const { link, logger } = this.#options;
    const open = log === "race" ? openRaceLog : openFactLog;
    return (await (await open(link, raceId, AS_IT_IS, logger)).bounds()).last;
  }

  /** Removes all that NATS holds of a race. @returns the streams' names */
  async remove(raceId: string): Promise<readonly string[]> {
    const { link, logger } = this.#options;
    const followed = this.#followed.get(raceId);
    this.#followed.delete(raceId);
    // A reader of a stream that is gone would look for it for ever.
    if (followed !== undefined) await this.#dropReader(followed);
    return removeRaceStreams(link, raceId, logger);
  }

  /** Nobody asks about other races any more. */
  async keepOnly(raceIds: ReadonlySet<string>): Promise<void> {
    for (const [raceId, followed] of this.#followed) {
      if (raceIds.has(raceId)) continue;
      this.#followed.delete(raceId);
      await this.#dropReader(followed);
    }
  }

  async close(): Promise<void> {
    await this.keepOnly(new Set());
  }

  #follow(raceId: string): Followed {
    const held = this.#followed.get(raceId);
    if (held !== undefined) return held;
    const changedMs = this.#options.steadyClock.nowMs();
    const fresh: Followed = {
      ...{ streams: { state: "unknown" }, checkedMs: 0, frames: 0, changedMs },
      ...{ flags: [], reader: undefined },
    };
    this.#followed.set(raceId, fresh);
    return fresh;
  }

  /** Control events stand in every partition; the first one's are enough. */
  async #readFlags(raceId: string, followed: Followed): Promise<void> {
    followed.reader ??= await this.#openReader(raceId, followed);
    for (;;) {
      const records = await followed.reader.next(READ_RECORDS_MAX, READ_MS_MAX);
      for (const { payload, appendedAtMs } of records) {
        const event = fromBinary(ControlEventSchema, payload).event;
        if (event.case === "flagChanged") followed.flags.push({ flag: event.value.flag, appendedAtMs });
      }
      if (followed.flags.length > FLAGS_MAX) followed.flags.splice(0, followed.flags.length - FLAGS_MAX);
      if (records.length < READ_RECORDS_MAX) return;
    }
  }

  async #openReader(raceId: string, followed: Followed) {
    const { link, logger } = this.#options;
    const log = await openRaceLog(link, raceId, AS_IT_IS, logger);
    followed.flags = [];
    return log.open({ partition: 0, subjectPrefix: subjects.control(raceId, 0, "flag_changed"), after: 0 });
  }

  async #dropReader(followed: Followed): Promise<void> {
    const { reader } = followed;
    followed.reader = undefined;
    await reader?.close();
  }
}

/** A stream that is not there is no reason to wait here: the next round looks again. */
const AS_IT_IS = { replicas: 1, maxAgeMs: 0, maxBytes: 0, owner: "operator", takeMsMax: 0 } as const;

/** What somebody has to change, and what passes by itself. */
function toStreamsSeen(error: unknown): StreamsSeen {
  if (!(error instanceof StorageError)) throw error;
  const isTransient = error.fault === "unreachable" || error.fault === "overloaded" || error.fault === "failed";
  return { state: isTransient ? "unreachable" : "refused", message: error.message };
}
