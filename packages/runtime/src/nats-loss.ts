import { LogGapError, type LogPosition, type LogReaderOptions, LogTailLostError } from "@burnline/stream";
import type { JetStreamManager } from "@nats-io/jetstream";
import type { Delivery } from "./nats-delivery.ts";

/** A consumer that miscounts must not keep a feed from reading: its numbers are a reason to look no more often than this. */
const LOOK_INTERVAL_MS = 1_000;
/**
 * A consumer counts anew some records after it skipped: at most what was asked for at once. The newest so many positions
 * are remembered, and where the skip was is found among them; what is said later than that is taken for a miscount.
 */
const PASSED_MAX = 2_048;

/** How far a feed has the log, and whether what it has and what comes next is still there. */
export class ReadThrough {
  readonly #isGapless: boolean;
  #position: LogPosition;
  /** When the log took the record there; undefined: not known, or it was none of the feed's. */
  #appendedAtMs: number | undefined;
  /** What the consumer had to deliver when it last said so. */
  #pending = 0;
  /** The position at the last look, and those delivered since, the newest PASSED_MAX of them in a ring. */
  #lookedAt: LogPosition;
  readonly #passed: Float64Array;
  #passedCount = 0;
  #isSuspect = false;
  #suspectedMs = Number.NEGATIVE_INFINITY;

  constructor({ after, afterAppendedAtMs, isGapless = false }: LogReaderOptions) {
    this.#position = after;
    this.#lookedAt = after;
    this.#appendedAtMs = afterAppendedAtMs;
    this.#isGapless = isGapless;
    this.#passed = new Float64Array(isGapless ? PASSED_MAX : 0);
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** A new consumer has so much to deliver. */
  began(pending: number): void {
    this.#pending = pending;
  }

  /** One was delivered, so one fewer is left, or as many as came meanwhile; more are gone only when they were trimmed. */
  isSkipping({ pending }: Delivery, nowMs: number): boolean {
    const isSign = this.#isGapless && pending < this.#pending - 1 && nowMs - this.#suspectedMs > LOOK_INTERVAL_MS;
    if (isSign) {
      this.#suspectedMs = nowMs;
      this.#isSuspect = true;
    }
    return isSign;
  }

  /** False: it was here before. */
  delivered({ position, appendedAtMs, pending }: Delivery): boolean {
    this.#pending = pending;
    if (position <= this.#position) return false;
    this.#position = position;
    this.#appendedAtMs = appendedAtMs;
    if (this.#isGapless) this.#passed[this.#passedCount++ % PASSED_MAX] = position;
    return true;
  }

  /** Looks for a loss, if it matters, and goes behind a gap. To be asked when a consumer was made: from then on it counts. */
  async look(manager: JetStreamManager, stream: string): Promise<LogGapError | LogTailLostError | undefined> {
    if (!this.#isGapless) return undefined;
    const loss = await this.#findLoss(manager, stream);
    if (loss instanceof LogGapError && loss.firstPresent > this.#position) {
      this.#position = loss.firstPresent - 1;
      this.#appendedAtMs = undefined;
    }
    this.#lookedAt = this.#position;
    this.#passedCount = 0;
    this.#isSuspect = false;
    return loss;
  }

  /** Asked of the stream's leader, which has all that was acknowledged, unless the disks of most of its servers lost it. */
  async #findLoss(manager: JetStreamManager, stream: string): Promise<LogGapError | LogTailLostError | undefined> {
    const { state } = await manager.streams.info(stream);
    const position = this.#position;
    if (position > state.last_seq) return new LogTailLostError(position);
    const first = state.messages === 0 ? state.last_seq + 1 : state.first_seq;
    if (position + 1 < first) return new LogGapError(position + 1, first);
    const skippedAfter = this.#isSuspect ? this.#lastPassedBefore(first) : undefined;
    if (skippedAfter !== undefined) return new LogGapError(skippedAfter + 1, first);
    if (this.#appendedAtMs === undefined || position < first) return undefined;
    const foundMs = await askAppendedAt(manager, stream, position);
    return foundMs === undefined || foundMs === this.#appendedAtMs ? undefined : new LogTailLostError(position);
  }

  /** The last position in front of this one, if it was passed since the last look and is not the one next to it. */
  #lastPassedBefore(first: LogPosition): LogPosition | undefined {
    const oldest = Math.max(0, this.#passedCount - PASSED_MAX);
    for (let index = this.#passedCount - 1; index >= oldest; index--) {
      const passed = this.#passed[index % PASSED_MAX] ?? 0;
      if (passed < first) return passed + 1 < first ? passed : undefined;
    }
    return oldest === 0 && this.#lookedAt + 1 < first ? this.#lookedAt : undefined;
  }
}

/** When the stream took the record at this position; undefined: it holds none there. */
export async function askAppendedAt(
  manager: JetStreamManager,
  stream: string,
  position: LogPosition,
): Promise<number | undefined> {
  // Not a direct get: any server of the stream may answer that, also one that does not have the record yet.
  const found = await manager.streams.getMessage(stream, { seq: position });
  return found?.time.getTime();
}
