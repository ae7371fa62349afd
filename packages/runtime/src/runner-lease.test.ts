import { instead, StepClock } from "@burnline/std";
import { PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts, type StateStore } from "@burnline/stream";
import { CountingOperator } from "@burnline/stream/testing";
import { beforeEach, expect, test } from "vitest";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { MemoryStateStore } from "./memory-state-store.ts";

const START_MS = 1_700_000_000_000;
const PARTITION = 7;
const { leaseTtlMs } = RUNNER_DEFAULTS;
const STEP_MS = 100;
const STALL_MS = 10_000;

/** Something that others wait for until it is opened. */
class Barrier {
  readonly #gate = Promise.withResolvers<void>();
  isReached = false;

  async pass(): Promise<void> {
    this.isReached = true;
    await this.#gate.promise;
  }

  open(): void {
    this.#gate.resolve();
  }
}

let clock: StepClock;
let state: MemoryStateStore;
let sent: string[];
let ports: RunnerPorts;
let sleepers: { dueMs: number; wake: () => void }[];

beforeEach(async () => {
  clock = new StepClock(START_MS);
  state = new MemoryStateStore(clock);
  sent = [];
  sleepers = [];
  const log = new MemoryEventLog(clock);
  ports = {
    ...{ log, clock, state, snapshots: new MemorySnapshotStore() },
    sink: { send: async (records) => void sent.push(...records.map(({ id }) => id)) },
    live: { publish: () => {}, subscribe: () => () => {} },
    sleep: (ms) => new Promise((wake) => sleepers.push({ dueMs: clock.nowMs() + ms, wake })),
  };
  await log.append([{ partition: PARTITION, subject: "race.r.7.tel.a", payload: Uint8Array.of(1) }]);
});

const acquire = (
  from: RunnerPorts,
  ownerId = "a",
  how: { takeOverEpoch?: number; lost?: (why: string) => void } = {},
) => {
  const { takeOverEpoch, lost } = how;
  const options = { ...RUNNER_DEFAULTS, partition: PARTITION, ownerId };
  return PartitionRunner.acquire(
    from,
    takeOverEpoch === undefined ? options : { ...options, takeOverEpoch },
    new CountingOperator(),
    { lost: (_, why) => lost?.(why) },
  );
};
const isFree = async () => state.leases().every(({ expiresInMs }) => expiresInMs <= 0);

/** Everything that can go on does. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** Time passes, and whoever slept wakes up. */
async function pass(ms: number, everyStep: () => Promise<void> = async () => {}): Promise<void> {
  for (const endMs = clock.nowMs() + ms; clock.nowMs() < endMs; ) {
    clock.advance(STEP_MS);
    const awake = sleepers.filter(({ dueMs }) => dueMs <= clock.nowMs());
    sleepers = sleepers.filter((sleeper) => !awake.includes(sleeper));
    for (const { wake } of awake) wake();
    await settle();
    await everyStep();
  }
}

function stalledSink(): Barrier {
  const barrier = new Barrier();
  const { send } = ports.sink;
  ports = { ...ports, sink: { send: (records) => barrier.pass().then(() => send(records)) } };
  return barrier;
}

test("a partition is kept while its outputs are not taken for longer than a lease lasts", async () => {
  const sink = stalledSink();
  const runner = await acquire(ports);
  const step = runner!.step(0);
  await pass(STALL_MS, async () => expect(await isFree()).toBe(false));
  expect(sink.isReached).toBe(true);
  sink.open();
  expect(await step).toBe("progress");
  expect(sent).toHaveLength(1);
  expect(await runner!.step(0)).toBe("idle");
});

test("so it is while a new owner sends what its dead predecessor could not", async () => {
  const dead = await acquire({ ...ports, sink: { send: () => Promise.reject(new Error("dead")) } }, "dead");
  await expect(dead!.step(0)).rejects.toThrow("dead");
  await pass(leaseTtlMs);
  const sink = stalledSink();
  const heir = acquire(ports, "heir");
  await pass(STALL_MS, async () => expect(await isFree()).toBe(false));
  expect(sink.isReached).toBe(true);
  sink.open();
  expect(await (await heir)!.step(0)).toBe("idle");
  expect(sent).toHaveLength(1);
});

test("so it is while its snapshots take longer to list than a lease lasts", async () => {
  const listing = new Barrier();
  const runner = acquire({
    ...ports,
    snapshots: { put: async () => true, list: () => listing.pass().then(() => []) },
  });
  await pass(STALL_MS, async () => expect(await isFree()).toBe(false));
  expect(listing.isReached).toBe(true);
  listing.open();
  expect(await (await runner)!.step(0)).toBe("progress");
});

test("nothing more is renewed when what was waited for is there: an owner that then stands still loses the partition", async () => {
  const runner = await acquire(ports);
  await runner!.step(0);
  await pass(leaseTtlMs);
  expect(await isFree()).toBe(true);
});

test("who lost the partition while it waited does not get it back by renewing, and stops", async () => {
  const lost: string[] = [];
  const sink = stalledSink();
  const zombie = await acquire(ports, "zombie", { lost: (why) => lost.push(why) });
  const step = zombie!.step(0);
  await settle();
  expect(sink.isReached).toBe(true);
  // It is taken for dead, and renews in the belief that all is well.
  const [lease] = state.leases();
  const heir = acquire(ports, "heir", { takeOverEpoch: lease!.epoch });
  await pass(STALL_MS, async () => {
    expect(state.leases()).toMatchObject([{ ownerId: "heir", epoch: lease!.epoch + 1 }]);
    expect(await isFree()).toBe(false);
  });
  sink.open();
  await step;
  expect(await zombie!.step(0)).toBe("lost");
  expect(lost).toEqual(["renewal"]);
  expect(await (await heir)!.step(0)).toBe("idle");
  expect(new Set(sent).size).toBe(1);
});

test("a renewal that fails while outputs wait is tried again; the store still being away is said once they are sent", async () => {
  const sink = stalledSink();
  let isAway = true;
  const renew: MemoryStateStore["renew"] = async (lease, ttlMs) => {
    if (isAway) throw new Error("away");
    return state.renew(lease, ttlMs);
  };
  const runner = await acquire({ ...ports, state: instead<StateStore>(state, { renew }) });
  const step = runner!.step(0);
  await pass(leaseTtlMs - 2 * STEP_MS);
  isAway = false;
  await pass(STALL_MS, async () => expect(await isFree()).toBe(false));
  isAway = true;
  await pass(leaseTtlMs);
  sink.open();
  expect(await step).toBe("progress");
  await expect(runner!.step(0)).rejects.toThrow("away");
});
