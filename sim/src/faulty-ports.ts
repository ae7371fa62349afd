import { assert, instead } from "@burnline/std";
import type {
  EventLog,
  LogReader,
  Membership,
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

/** Called before and after every call of a port; may throw CrashError, or stand still until the promise resolves. */
export type CallPoint = (where: string) => Promise<void> | undefined;

/** I6 at the sink, over all processes and their lives: the same id always carries the same bytes. */
export class SinkWitness {
  readonly #bytesById = new Map<string, string>();
  resent = 0;

  sending(record: OutboxRecord): void {
    const bytes = Buffer.from(record.payload).toString("base64");
    const former = this.#bytesById.get(record.id);
    if (former !== undefined) {
      assert(former === bytes, `I6: ${record.id} was sent twice with different bytes`);
      this.resent++;
    }
    this.#bytesById.set(record.id, bytes);
  }

  /** Everything that was ever sent, by id. */
  get outputs(): ReadonlyMap<string, string> {
    return this.#bytesById;
  }
}

/** The ports of one simulated process, in which every call can be its last, or its last for a while. */
export function faultyPorts(ports: RunnerPorts, point: CallPoint, witness: SinkWitness): RunnerPorts {
  return {
    ...ports,
    log: faultyLog(ports.log, point),
    state: faultyState(ports.state, point),
    snapshots: faultySnapshots(ports.snapshots, point),
    sink: faultySink(ports.sink, point, witness),
  };
}

export function faultyMembership(membership: Membership, point: CallPoint): Membership {
  return {
    heartbeat: (member, ttlMs) => around(point, "heartbeat", () => membership.heartbeat(member, ttlMs)),
    members: () => around(point, "members", () => membership.members()),
    leases: () => around(point, "leases", () => membership.leases()),
    leave: (memberId) => around(point, "leave", () => membership.leave(memberId)),
  };
}

async function around<T>(point: CallPoint, where: string, call: () => Promise<T>): Promise<T> {
  await point(`before ${where}`);
  const result = await call();
  await point(`after ${where}`);
  return result;
}

function faultyLog(log: EventLog, point: CallPoint): EventLog {
  return instead(log, {
    append: (records) => around(point, "append", () => log.append(records)),
    open: async (options) => faultyReader(await log.open(options), point),
    appendedAtMs: (position) => around(point, "look", () => log.appendedAtMs(position)),
    bounds: () => around(point, "bounds", () => log.bounds()),
  });
}

function faultyReader(reader: LogReader, point: CallPoint): LogReader {
  return {
    next: (max, waitMs) => around(point, "read", () => reader.next(max, waitMs)),
    close: () => reader.close(),
  };
}

function faultyState(store: StateStore, point: CallPoint): StateStore {
  return {
    acquire: (partition, owner, ttlMs, options) =>
      around(point, "acquire", () => store.acquire(partition, owner, ttlMs, options)),
    renew: (lease, ttlMs) => around(point, "renew", () => store.renew(lease, ttlMs)),
    release: (lease) => around(point, "release", () => store.release(lease)),
    load: (lease) => around(point, "load", () => store.load(lease)),
    commit: (lease, commit) => around(point, "commit", () => store.commit(lease, commit)),
    reset: (lease, state) => around(point, "reset", () => store.reset(lease, state)),
    outbox: (lease, max) => around(point, "outbox", () => store.outbox(lease, max)),
    trimOutbox: (lease, through) => around(point, "trim", () => store.trimOutbox(lease, through)),
  };
}

function faultySnapshots(store: SnapshotStore, point: CallPoint): SnapshotStore {
  return {
    put: (snapshot) => around(point, "snapshot", () => store.put(snapshot)),
    list: (partition) => around(point, "snapshots", () => store.list(partition)),
  };
}

function faultySink(sink: OutboxSink, point: CallPoint, witness: SinkWitness): OutboxSink {
  return {
    send: (records) =>
      around(point, "send", () => {
        for (const record of records) witness.sending(record);
        return sink.send(records);
      }),
  };
}
