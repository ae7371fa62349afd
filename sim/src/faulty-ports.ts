import { assert } from "@burnline/std";
import type {
  Commit,
  CommitOutcome,
  EventLog,
  Lease,
  LogReader,
  OutboxRecord,
  OutboxSink,
  RunnerPorts,
  SnapshotStore,
  StateStore,
} from "@burnline/stream";

/** The process died here. Nothing of it goes on; what the ports hold stays. */
export class CrashError extends Error {
  override readonly name = "CrashError";
}

/** Called before and after every call of a port; may throw CrashError. */
export type CrashPoint = (where: string) => void;

/** Invariants that can be seen at the ports themselves, over all processes and their lives. */
export class PortWitness {
  readonly #bytesById = new Map<string, string>();
  readonly #positions = new Map<number, number>();
  fencedCommits = 0;
  commits = 0;
  sent = 0;
  resent = 0;

  /** I6: the same id always carries the same bytes. */
  sending(record: OutboxRecord): void {
    const bytes = Buffer.from(record.payload).toString("base64");
    const former = this.#bytesById.get(record.id);
    if (former === undefined) this.sent++;
    else {
      assert(former === bytes, `I6: ${record.id} was sent twice with different bytes`);
      this.resent++;
    }
    this.#bytesById.set(record.id, bytes);
  }

  /** I7 and I11: committed positions of a partition form one chain, whoever commits. */
  committed(lease: Lease, commit: Commit, outcome: CommitOutcome): void {
    if (outcome !== "committed") {
      this.fencedCommits++;
      return;
    }
    this.commits++;
    const before = this.#positions.get(lease.partition) ?? 0;
    assert(commit.previousPosition === before, `I11: partition ${lease.partition} was committed by two owners`);
    assert(commit.nextPosition >= before, `I7: partition ${lease.partition} went back from ${before}`);
    this.#positions.set(lease.partition, commit.nextPosition);
  }

  /** A recovery put another state in place (a snapshot, or nothing after a loss of the store). */
  restarted(partition: number, position: number): void {
    this.#positions.set(partition, position);
  }

  /** Everything that was ever sent, by id. */
  get outputs(): ReadonlyMap<string, string> {
    return this.#bytesById;
  }
}

/** The ports of one simulated process, in which every call can be its last. */
export function faultyPorts(ports: RunnerPorts, point: CrashPoint, witness: PortWitness): RunnerPorts {
  return {
    ...ports,
    log: faultyLog(ports.log, point),
    state: faultyState(ports.state, point, witness),
    snapshots: faultySnapshots(ports.snapshots, point),
    sink: faultySink(ports.sink, point, witness),
  };
}

async function around<T>(point: CrashPoint, where: string, call: () => Promise<T>): Promise<T> {
  point(`before ${where}`);
  const result = await call();
  point(`after ${where}`);
  return result;
}

function faultyLog(log: EventLog, point: CrashPoint): EventLog {
  return {
    append: (records) => around(point, "append", () => log.append(records)),
    open: async (options) => faultyReader(await log.open(options), point),
    openDurable: (name, prefix) => log.openDurable(name, prefix),
    bounds: () => log.bounds(),
    firstPosition: (partition) => log.firstPosition(partition),
    newest: (partition, prefix) => log.newest(partition, prefix),
  };
}

function faultyReader(reader: LogReader, point: CrashPoint): LogReader {
  return {
    next: (max, waitMs) => around(point, "read", () => reader.next(max, waitMs)),
    close: () => reader.close(),
  };
}

function faultyState(store: StateStore, point: CrashPoint, witness: PortWitness): StateStore {
  return {
    acquire: (partition, owner, ttlMs, options) =>
      around(point, "acquire", () => store.acquire(partition, owner, ttlMs, options)),
    renew: (lease, ttlMs) => store.renew(lease, ttlMs),
    release: (lease) => store.release(lease),
    load: (lease) => around(point, "load", () => store.load(lease)),
    commit: (lease, commit) =>
      around(point, "commit", async () => {
        const outcome = await store.commit(lease, commit);
        witness.committed(lease, commit, outcome);
        return outcome;
      }),
    reset: (lease, state) =>
      around(point, "reset", async () => {
        const outcome = await store.reset(lease, state);
        if (outcome === "committed") witness.restarted(lease.partition, state.position);
        return outcome;
      }),
    outbox: (lease, max) => store.outbox(lease, max),
    trimOutbox: (lease, through) => around(point, "trim", () => store.trimOutbox(lease, through)),
  };
}

function faultySnapshots(store: SnapshotStore, point: CrashPoint): SnapshotStore {
  return {
    put: (snapshot) => around(point, "snapshot", () => store.put(snapshot)),
    list: (partition) => store.list(partition),
  };
}

function faultySink(sink: OutboxSink, point: CrashPoint, witness: PortWitness): OutboxSink {
  return {
    send: (records) =>
      around(point, "send", () => {
        for (const record of records) witness.sending(record);
        return sink.send(records);
      }),
  };
}
