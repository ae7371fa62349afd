import { setTimeout as sleep } from "node:timers/promises";
import { create, PARTITION_COUNT, subjects, TelemetryFrameSchema, TickSchema, toBinary } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import {
  MemoryEventLog,
  MemoryLiveChannel,
  MemoryMembership,
  MemoryPeerHub,
  MemorySnapshotStore,
  MemoryStateStore,
  steadyClock,
  wallClock,
} from "@burnline/runtime";
import type { EventLog, LogAppend, Membership, RunnerPorts, StateStore } from "@burnline/stream";
import { type ClusterProcessor, createClusterProcessor, factLogSink } from "../index.ts";
import type { ProcessorMetrics } from "../processor-metrics.ts";

const RACE = "r";
const FEED_INTERVAL_MS = 25;

const nothing = () => {};
const SILENT_METRICS: ProcessorMetrics = {
  ...{ read: nothing, relayed: nothing, lateFrames: nothing, partitionBegan: nothing, partitionEnded: nothing },
  ...{
    committed: nothing,
    recovered: nothing,
    snapshotStored: nothing,
    snapshotNotStored: nothing,
    dataGap: nothing,
    partitionLost: nothing,
  },
  ...{ partitionFailed: nothing, partitionsOwned: nothing, takenOver: nothing, membershipFailed: nothing },
};

/** Stops a process between two of its steps: for ever, or until it is let go on. */
class Gate {
  #closed: Promise<void> | undefined;
  #open = () => {};

  async pass<T>(call: () => Promise<T>): Promise<T> {
    while (this.#closed !== undefined) await this.#closed;
    const result = await call();
    while (this.#closed !== undefined) await this.#closed;
    return result;
  }

  close(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    this.#open = resolve;
  }

  open(): void {
    this.#closed = undefined;
    this.#open();
  }
}

/** Every call of an object with promises goes through the gate. */
function gated<T extends object>(target: T, gate: Gate): T {
  return new Proxy(target, {
    get: (object, key) => {
      const member: unknown = Reflect.get(object, key);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => gate.pass(async () => member.apply(object, args));
    },
  });
}

/** So do those of the readers that the log opens. */
function gatedLog(target: EventLog, gate: Gate): EventLog {
  const log = gated(target, gate);
  return new Proxy(log, {
    get: (object, key) => {
      if (key !== "open") return Reflect.get(object, key) as unknown;
      return async (options: Parameters<EventLog["open"]>[0]) => gated(await log.open(options), gate);
    },
  });
}

export interface ClusterMember {
  readonly memberId: string;
  readonly processor: ClusterProcessor;
  readonly takeovers: { reason: string; gapMs: number }[];
  /** Partitions that another one took from it. */
  lost(): number;
}

interface Held extends ClusterMember {
  readonly gate: Gate;
  /** Between the process and its servers. */
  readonly servers: Gate;
}

/** Several processors in this process, on ports in memory and real time, that can be killed and frozen one by one. */
export class MemoryCluster {
  readonly log = new MemoryEventLog(wallClock);
  readonly #factLog = new MemoryEventLog(wallClock);
  /** Before the fact log, for all. */
  readonly #facts = new Gate();
  readonly #state = new MemoryStateStore(wallClock);
  readonly #membership = new MemoryMembership(this.#state, wallClock);
  readonly #snapshots = new MemorySnapshotStore();
  readonly #hub = new MemoryPeerHub();
  readonly #members: Held[] = [];
  readonly #committedMs = new Map<number, number>();
  readonly #positions = new Map<number, number>();
  readonly #cars: readonly { car: string; partition: number }[];
  #feeding: Promise<void> | undefined;
  #isFeeding = true;
  #sequence = 0;
  /** The longest time without a commit of any partition, and the longest in which this process itself stood still. */
  gapMs = 0;
  stallMs = 0;
  readonly fatal: unknown[] = [];
  /** Whether the processors believe that they reach the log. */
  canWork = true;

  constructor(cars: readonly { car: string; partition: number }[]) {
    this.#cars = cars;
  }

  async join(memberId: string): Promise<ClusterMember> {
    const gate = new Gate();
    const servers = new Gate();
    const takeovers: ClusterMember["takeovers"] = [];
    let lost = 0;
    const ports: RunnerPorts = {
      log: gatedLog(gatedLog(this.log, servers), gate),
      state: gated(gated(this.#witness(), servers), gate),
      snapshots: gated(gated(this.#snapshots, servers), gate),
      sink: gated(gated(gated(factLogSink(this.#factLog), this.#facts), servers), gate),
      ...{ live: new MemoryLiveChannel(), clock: wallClock, steadyClock },
    };
    const processor = createClusterProcessor({
      ...{ ports, race: RACE, ownerId: memberId, steadyClock },
      membership: gated<Membership>(gated(this.#membership, servers), gate),
      link: this.#hub.open(memberId),
      metrics: {
        ...SILENT_METRICS,
        partitionLost: () => {
          lost += 1;
        },
        takenOver: (reason, gapSeconds) => takeovers.push({ reason, gapMs: gapSeconds * 1_000 }),
      },
      logger: { info: () => {}, warn: () => {}, error: (fields) => this.fatal.push(fields) },
      logPulse: () => (this.canWork ? steadyClock.nowMs() : 0),
      onFatal: (error) => this.fatal.push(error),
      sleep: (ms) => gate.pass(() => sleep(ms)),
    });
    const member = { memberId, processor, takeovers, gate, servers, lost: () => lost };
    this.#members.push(member);
    await processor.start();
    return member;
  }

  kill({ memberId }: ClusterMember): void {
    this.#hub.drop(memberId);
    this.#heldOf(memberId).gate.close();
  }

  freeze({ memberId }: ClusterMember): void {
    this.#hub.freeze(memberId, true);
    this.#heldOf(memberId).gate.close();
  }

  /** From now on neither log nor store answer it, until `reconnect`; what was asked hangs. */
  disconnect({ memberId }: ClusterMember): void {
    this.#heldOf(memberId).servers.close();
  }

  reconnect({ memberId }: ClusterMember): void {
    this.#heldOf(memberId).servers.open();
  }

  /** From now on no fact is taken from anybody, until `takeFacts`; who has one to say waits. */
  refuseFacts(): void {
    this.#facts.close();
  }

  takeFacts(): void {
    this.#facts.open();
  }

  thaw({ memberId }: ClusterMember): void {
    this.#hub.freeze(memberId, false);
    this.#heldOf(memberId).gate.open();
  }

  /** Who can write each partition now. */
  owners(): readonly (string | undefined)[] {
    const owners = new Map(this.#state.leases().map(({ partition, ownerId }) => [partition, ownerId]));
    return Array.from({ length: PARTITION_COUNT }, (_, partition) => owners.get(partition));
  }

  countOf({ memberId }: ClusterMember): number {
    return this.owners().filter((ownerId) => ownerId === memberId).length;
  }

  startFeeding(): void {
    for (let partition = 0; partition < PARTITION_COUNT; partition++)
      this.#committedMs.set(partition, steadyClock.nowMs());
    this.#feeding = this.#feed();
  }

  async stopFeeding(): Promise<void> {
    this.#isFeeding = false;
    await this.#feeding;
  }

  async stop(members: readonly ClusterMember[]): Promise<void> {
    await Promise.all(members.map(({ processor }) => processor.stop()));
  }

  /** Partitions whose last commit is not at their last record. */
  async unread(): Promise<number> {
    let unread = 0;
    for (let partition = 0; partition < PARTITION_COUNT; partition++) {
      const newest = await this.log.newest(partition, "");
      if ((this.#positions.get(partition) ?? 0) !== (newest?.position ?? 0)) unread += 1;
    }
    return unread;
  }

  /** A tick in every partition and a frame of every car, again and again. */
  async #feed(): Promise<void> {
    let lastMs = steadyClock.nowMs();
    while (this.#isFeeding) {
      await this.log.append(this.#nextRecords());
      await sleep(FEED_INTERVAL_MS);
      const nowMs = steadyClock.nowMs();
      this.stallMs = Math.max(this.stallMs, nowMs - lastMs - FEED_INTERVAL_MS);
      this.gapMs = Math.max(this.gapMs, nowMs - Math.min(...this.#committedMs.values()));
      lastMs = nowMs;
    }
  }

  #nextRecords(): LogAppend[] {
    const eventTimeMs = 1_750_000_000_000 + this.#sequence * 100;
    const tick = toBinary(TickSchema, create(TickSchema, { eventTimeMs }));
    const ticks = Array.from({ length: PARTITION_COUNT }, (_, partition) => {
      return { partition, subject: subjects.tick(RACE, partition), payload: tick };
    });
    const frames = this.#cars.map(({ car, partition }) => {
      const payload = toBinary(TelemetryFrameSchema, frame({ car, eventTimeMs, sourceSequence: this.#sequence }));
      return { partition, subject: subjects.telemetry(RACE, partition, car), payload };
    });
    this.#sequence += 1;
    return [...frames, ...ticks];
  }

  #heldOf(memberId: string): Held {
    const member = this.#members.find((one) => one.memberId === memberId);
    if (member === undefined) throw new Error(`${memberId} never joined`);
    return member;
  }

  /** I11: committed positions of a partition form one chain, whoever commits. */
  #witness(): StateStore {
    return new Proxy<StateStore>(this.#state, {
      get: (store, key) => {
        if (key !== "commit") return (Reflect.get(store, key) as () => unknown).bind(store);
        const commit: StateStore["commit"] = async (lease, commit) => {
          const outcome = await store.commit(lease, commit);
          if (outcome === "committed") {
            const before = this.#positions.get(lease.partition) ?? 0;
            if (commit.previousPosition !== before) this.fatal.push(`partition ${lease.partition} has two owners`);
            this.#positions.set(lease.partition, commit.nextPosition);
            this.#committedMs.set(lease.partition, steadyClock.nowMs());
          }
          return outcome;
        };
        return commit;
      },
    });
  }
}
