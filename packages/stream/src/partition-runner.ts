import { assert } from "@burnline/std";
import { LeaseKeeper } from "./lease-keeper.ts";
import { LogGapError } from "./log-loss.ts";
import type { Operator, OperatorOutput } from "./operator.ts";
import { drainOutbox } from "./outbox-relay.ts";
import type { Lease, LogPosition, LogReader, LogRecord, OutboxRecord } from "./ports.ts";
import { NewerStateError, recoverState } from "./recovery.ts";
import type { RunnerObserver, RunnerOptions, RunnerPorts, StepOutcome } from "./runner-options.ts";
import { encodeSnapshot } from "./snapshot-codec.ts";

/**
 * Runs one operator over one partition: acquire → recover → (read → process → commit → relay)*. One step at a time, so
 * that a simulation can stop it between any two. A step that throws leaves the runner unusable: make a new one with a new
 * operator; the store tells where to go on.
 */
export class PartitionRunner {
  readonly #ports: RunnerPorts;
  readonly #options: RunnerOptions;
  readonly #operator: Operator;
  readonly #observer: RunnerObserver;
  readonly #lease: Lease;
  readonly #keeper: LeaseKeeper;
  readonly #reader: LogReader;
  readonly #outbox: OutboxRecord[] = [];
  readonly #live = new Map<string, () => Uint8Array>();
  readonly #output: OperatorOutput;
  /** Position of the last commit, and of the last record processed. */
  #committed: LogPosition;
  #processed: LogPosition;
  /** When the log took the record at `#processed`; undefined: nothing was processed yet, or it was trimmed. */
  #processedAppendedAtMs: number | undefined;
  #pendingRecords = 0;
  #oldestPendingMs = 0;
  #newestAppendedMs = 0;
  #snapshotDueMs: number;
  #recordsSinceSnapshot = 0;

  private constructor(
    ports: RunnerPorts,
    options: RunnerOptions,
    operator: Operator,
    observer: RunnerObserver,
    start: { lease: Lease; keeper: LeaseKeeper; reader: LogReader; position: LogPosition },
  ) {
    this.#ports = ports;
    this.#options = options;
    this.#operator = operator;
    this.#observer = observer;
    this.#lease = start.lease;
    this.#keeper = start.keeper;
    this.#reader = start.reader;
    this.#committed = start.position;
    this.#processed = start.position;
    // Staggered over the partitions, so that they do not all write at once.
    this.#snapshotDueMs = this.#steadyMs() + options.snapshotIntervalMs * (1 + (options.partition % 64) / 64);
    this.#output = {
      emit: (record) => this.#outbox.push(record),
      live: (subject, encode) => this.#live.set(subject, encode),
    };
  }

  /**
   * Takes the partition and recovers its state; undefined when another owner holds it.
   * @throws NewerStateError when a newer version has to run it; it is given back then.
   */
  static async acquire(
    ports: RunnerPorts,
    options: RunnerOptions,
    operator: Operator,
    observer: RunnerObserver = {},
  ): Promise<PartitionRunner | undefined> {
    const { takeOverEpoch } = options;
    const how = takeOverEpoch === undefined ? {} : { takeOverEpoch };
    const lease = await ports.state.acquire(options.partition, options.ownerId, options.leaseTtlMs, how);
    if (lease === undefined) return undefined;
    const { leaseTtlMs, leaseRenewMs } = options;
    const { state, sleep, steadyClock = ports.clock } = ports;
    const keeper = new LeaseKeeper(lease, { state, steadyClock, sleep, leaseTtlMs, leaseRenewMs });
    return keeper.during(PartitionRunner.#begin(ports, options, operator, observer, { lease, keeper }));
  }

  static async #begin(
    ports: RunnerPorts,
    options: RunnerOptions,
    operator: Operator,
    observer: RunnerObserver,
    { lease, keeper }: { lease: Lease; keeper: LeaseKeeper },
  ): Promise<PartitionRunner | undefined> {
    const recovered = await recoverState(ports, lease, operator, observer).catch(async (error: unknown) => {
      if (error instanceof NewerStateError) await ports.state.release(lease);
      throw error;
    });
    if (recovered === undefined) return undefined;
    const { position, appendedAtMs } = recovered.state;
    await drainOutbox(ports.state, lease, ports.sink);
    const reader = await ports.log.open({
      ...{ partition: options.partition, after: position, isGapless: true },
      ...(appendedAtMs === undefined ? {} : { afterAppendedAtMs: appendedAtMs }),
    });
    observer.recovered?.(options.partition, recovered.source, position);
    return new PartitionRunner(ports, options, operator, observer, { lease, keeper, reader, position });
  }

  get position(): LogPosition {
    return this.#committed;
  }

  /** One turn: waits up to waitMs for records, processes them, commits when a commit is due, relays the outbox. */
  async step(waitMs: number): Promise<StepOutcome> {
    if (!(await this.#keeper.keep())) return this.#lose("renewal");
    const processedBefore = this.#processed;
    const records = await this.#read(Math.min(waitMs, this.#msUntilCommit()));
    const first = records[0];
    if (first !== undefined)
      this.#observer.read?.(this.#options.partition, this.#ports.clock.nowMs() - first.appendedAtMs);
    for (const record of records) this.#process(record);
    this.#publishLive(records.at(-1));
    if (this.#pendingRecords > 0 && this.#commitDue()) {
      const outcome = await this.#commit();
      if (outcome !== undefined) return this.#lose(outcome);
      await this.#snapshotIfDue();
    }
    return this.#processed > processedBefore ? "progress" : "idle";
  }

  /** Ends the waiting of a step that runs now: nothing more is read. What comes next is `release`. */
  async stopReading(): Promise<void> {
    await this.#reader.close();
  }

  /** Commits what was processed and gives the partition back. */
  async release(): Promise<void> {
    if (this.#pendingRecords > 0) await this.#commit();
    await this.#reader.close();
    await this.#ports.state.release(this.#lease);
  }

  /** Lets go of the reader only; the lease runs out by itself. For a runner whose step threw. */
  async abandon(): Promise<void> {
    await this.#reader.close();
  }

  async #read(waitMs: number): Promise<readonly LogRecord[]> {
    try {
      return await this.#reader.next(Math.max(1, this.#options.recordsPerCommitMax - this.#pendingRecords), waitMs);
    } catch (error) {
      if (!(error instanceof LogGapError)) throw error;
      this.#skip(error);
      return [];
    }
  }

  /** Counts as a record, so that it is committed like one. */
  #skip({ firstMissing, firstPresent }: LogGapError): void {
    this.#operator.onDataGap(firstMissing, firstPresent, this.#output);
    this.#observer.dataGap?.(this.#options.partition, firstMissing, firstPresent);
    if (this.#pendingRecords === 0) this.#oldestPendingMs = this.#steadyMs();
    this.#newestAppendedMs = this.#ports.clock.nowMs();
    // It may be found only when what is behind it was read.
    if (firstPresent > this.#processed) {
      this.#processed = firstPresent - 1;
      this.#processedAppendedAtMs = undefined;
    }
    this.#pendingRecords++;
  }

  #process(record: LogRecord): void {
    assert(record.position > this.#processed, "the log went backwards");
    assert(record.partition === this.#options.partition, "a record of another partition");
    if (this.#pendingRecords === 0) this.#oldestPendingMs = this.#steadyMs();
    this.#newestAppendedMs = record.appendedAtMs;
    this.#operator.process(record, this.#output);
    this.#processed = record.position;
    this.#processedAppendedAtMs = record.appendedAtMs;
    this.#pendingRecords++;
  }

  #publishLive(newest: LogRecord | undefined): void {
    if (newest !== undefined && this.#ports.clock.nowMs() - newest.appendedAtMs <= this.#options.liveAgeMsMax) {
      for (const [subject, encode] of this.#live) this.#ports.live.publish(subject, encode());
    }
    this.#live.clear();
  }

  #msUntilCommit(): number {
    if (this.#pendingRecords === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#oldestPendingMs + this.#options.commitIntervalMs - this.#steadyMs());
  }

  #commitDue(): boolean {
    return this.#pendingRecords >= this.#options.recordsPerCommitMax || this.#msUntilCommit() === 0;
  }

  async #commit(): Promise<"fenced" | "conflict" | undefined> {
    const outcome = await this.#ports.state.commit(this.#lease, {
      previousPosition: this.#committed,
      nextPosition: this.#processed,
      ...(this.#processedAppendedAtMs === undefined ? {} : { nextAppendedAtMs: this.#processedAppendedAtMs }),
      schemaVersion: this.#operator.schemaVersion,
      changes: this.#operator.takeChanges(),
      outbox: this.#outbox,
    });
    if (outcome !== "committed") return outcome;
    const waitedMs = this.#steadyMs() - this.#oldestPendingMs;
    const lagMs = Math.max(0, this.#ports.clock.nowMs() - this.#newestAppendedMs);
    this.#observer.committed?.(this.#options.partition, this.#pendingRecords, this.#outbox.length, waitedMs, lagMs);
    this.#committed = this.#processed;
    this.#recordsSinceSnapshot += this.#pendingRecords;
    this.#pendingRecords = 0;
    if (this.#outbox.length > 0) {
      this.#outbox.length = 0;
      const beganMs = this.#steadyMs();
      await this.#keeper.during(drainOutbox(this.#ports.state, this.#lease, this.#ports.sink));
      this.#observer.relayed?.(this.#options.partition, this.#steadyMs() - beganMs);
    }
    return undefined;
  }

  async #snapshotIfDue(): Promise<void> {
    const nowMs = this.#steadyMs();
    if (nowMs < this.#snapshotDueMs && this.#recordsSinceSnapshot < this.#options.snapshotRecords) return;
    const state = await this.#ports.state.load(this.#lease);
    if (state === undefined) return;
    const bytes = encodeSnapshot(state);
    const { partition } = this.#options;
    const storing = this.#ports.snapshots.put({ partition, position: state.position, bytes });
    const isStored = await this.#keeper.during(storing);
    this.#snapshotDueMs = nowMs + this.#options.snapshotIntervalMs;
    this.#recordsSinceSnapshot = 0;
    if (isStored) this.#observer.snapshotStored?.(partition, bytes.length, this.#steadyMs() - nowMs);
  }

  #steadyMs(): number {
    return (this.#ports.steadyClock ?? this.#ports.clock).nowMs();
  }

  async #lose(why: "renewal" | "fenced" | "conflict"): Promise<"lost"> {
    this.#observer.lost?.(this.#options.partition, why);
    await this.#reader.close();
    return "lost";
  }
}
