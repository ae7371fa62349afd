import type { StepClock } from "@burnline/std";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PartitionRunner } from "../partition-runner.ts";
import type { LogAppend, OutboxRecord } from "../ports.ts";
import { RUNNER_DEFAULTS, type RunnerObserver, type RunnerPorts } from "../runner-options.ts";
import { encodeSnapshot } from "../snapshot-codec.ts";
import { CountingOperator } from "./counting-operator.ts";
import { Crash, dieAt, type StoredPorts } from "./crashing-ports.ts";

/** Ports for one test, all on the given clock. */
export interface RunnerFixture {
  readonly ports: StoredPorts;
  /** The same ports with an empty state store. */
  loseState(): Promise<StoredPorts>;
  trim(beforePosition: number): Promise<void>;
  close(): Promise<void>;
}

const PARTITION = 7;
const SUBJECTS = ["race.r.7.tel.a", "race.r.7.tel.b"];
const RECORDS = 12;
const SHORT_LEASE_MS = 100;

/** The laws of the partition runner, on any implementation of the ports. */
export function partitionRunnerSuite(
  name: string,
  clock: StepClock,
  open: (clock: StepClock) => Promise<RunnerFixture>,
): void {
  describe(`PartitionRunner on ${name}`, () => {
    let fixture: RunnerFixture;
    let sent: Map<string, string>;
    let live: string[];

    beforeEach(async () => {
      fixture = await open(clock);
      sent = new Map();
      live = [];
    });
    afterEach(() => fixture.close());

    const portsOf = (ports = fixture.ports): RunnerPorts => ({
      ...ports,
      clock,
      sink: { send: async (records) => records.forEach(remember) },
      live: { publish: (subject) => live.push(subject), subscribe: () => () => undefined },
    });
    const remember = ({ id, payload }: OutboxRecord) => {
      const bytes = String.fromCharCode(...payload);
      expect(sent.get(id) ?? bytes).toBe(bytes);
      sent.set(id, bytes);
    };
    const acquire = (operator: CountingOperator, ports = portsOf(), ownerId = "a", observer: RunnerObserver = {}) =>
      PartitionRunner.acquire(
        ports,
        { ...RUNNER_DEFAULTS, partition: PARTITION, ownerId, recordsPerCommitMax: 3 },
        operator,
        observer,
      );
    const fill = () => fixture.ports.log.append(records());
    const drain = async (runner: PartitionRunner) => {
      while ((await runner.step(0)) === "progress");
    };

    test("state, position and outputs are those of a run without crashes, wherever a call of a port was the last", async () => {
      await fill();
      for (let deadly = 0; ; deadly++) {
        const ports = dieAt(portsOf(), deadly);
        const crashed = await runUntilCrash(() => acquire(new CountingOperator(), ports, `life-${deadly}`), drain);
        // The dead owner's lease has to run out first.
        clock.advance(RUNNER_DEFAULTS.leaseTtlMs + 1);
        if (!crashed) break;
      }
      const operator = new CountingOperator();
      const runner = await acquire(operator, portsOf(), "last");
      await drain(runner!);
      expect(Object.fromEntries(operator.sums)).toEqual(expectedSums());
      expect(sent.size).toBe(RECORDS);
    });

    test("an owner that lost its lease while it stood still changes nothing when it wakes up", async () => {
      await fill();
      const zombie = await acquire(new CountingOperator(), portsOf(), "zombie");
      await zombie!.step(0);
      clock.advance(RUNNER_DEFAULTS.leaseTtlMs + 1);
      const heir = await acquire(new CountingOperator(), portsOf(), "heir");
      await drain(heir!);
      const position = heir!.position;
      expect(await zombie!.step(0)).toBe("lost");
      clock.advance(RUNNER_DEFAULTS.leaseTtlMs + 1);
      const third = await acquire(new CountingOperator(), portsOf(), "third");
      expect(third!.position).toBe(position);
      expect(sent.size).toBe(RECORDS);
    });

    test("the fence refuses the commit itself, not only the renewal", async () => {
      const lost: string[] = [];
      const options = { ...RUNNER_DEFAULTS, partition: PARTITION, ownerId: "zombie", leaseTtlMs: SHORT_LEASE_MS };
      const observer: RunnerObserver = { lost: (_, why) => lost.push(why) };
      const zombie = await PartitionRunner.acquire(portsOf(), options, new CountingOperator(), observer);
      // The lease ends before the zombie's next renewal is due.
      clock.advance(SHORT_LEASE_MS + 1);
      const lease = await fixture.ports.state.acquire(PARTITION, "heir", 1_000);
      await fill();
      expect(await zombie!.step(0)).toBe("lost");
      expect(lost).toEqual(["fenced"]);
      expect((await fixture.ports.state.load(lease!))?.position).toBe(0);
      expect(sent.size).toBe(0);
    });

    test("a lost store is rebuilt from the newest sound snapshot and the log behind it", async () => {
      await fill();
      const first = await acquire(new CountingOperator());
      await first!.step(0);
      clock.advance(2 * RUNNER_DEFAULTS.snapshotIntervalMs);
      await first!.step(0);
      const ports = portsOf(await fixture.loseState());
      await ports.snapshots.put({ partition: PARTITION, position: 1_000, bytes: Uint8Array.of(1, 2, 3) });
      const sources: string[] = [];
      const operator = new CountingOperator();
      const heir = await acquire(operator, ports, "heir", { recovered: (_, source) => sources.push(source) });
      await drain(heir!);
      expect(sources).toEqual(["snapshot"]);
      expect(Object.fromEntries(operator.sums)).toEqual(expectedSums());
    });

    test("a state of an older schema version is not believed: that is said, and the log is replayed", async () => {
      await fill();
      const old = await acquire(new CountingOperator(1));
      await drain(old!);
      await old!.release();
      const operator = new CountingOperator(2);
      const doubts: string[] = [];
      const runner = await acquire(operator, portsOf(), "a", {
        disbelieved: (partition, source, why) => doubts.push(`${partition} ${source} ${why}`),
      });
      expect(doubts).toEqual([`${PARTITION} store older-version`]);
      expect(runner!.position).toBe(0);
      await drain(runner!);
      expect(Object.fromEntries(operator.sums)).toEqual(expectedSums());
    });

    test("a state of a newer schema version is refused and left as it is, and who knows it may take it at once", async () => {
      await fill();
      const newer = await acquire(new CountingOperator(2));
      await drain(newer!);
      await newer!.release();
      const older = acquire(new CountingOperator(1), portsOf(), "older");
      await expect(older).rejects.toMatchObject({ name: "NewerStateError", foundVersion: 2, knownVersion: 1 });
      const heir = await acquire(new CountingOperator(2), portsOf(), "heir");
      expect(heir!.position).toBe(newer!.position);
    });

    test("an empty store beside a newer version's snapshot is refused, not filled with an older state", async () => {
      await fill();
      const ports = portsOf(await fixture.loseState());
      const entries = new Map([[SUBJECTS[0]!, Uint8Array.of(0x39)]]);
      const bytes = encodeSnapshot({ position: 3, schemaVersion: 2, entries });
      await ports.snapshots.put({ partition: PARTITION, position: 3, bytes });
      const older = acquire(new CountingOperator(1), ports, "older");
      await expect(older).rejects.toMatchObject({ name: "NewerStateError", foundVersion: 2 });
      expect((await acquire(new CountingOperator(2), ports, "heir"))!.position).toBe(3);
    });

    test("a snapshot cut in half is said and passed over for the one before it, or for the beginning of the log", async () => {
      await fill();
      const ports = portsOf(await fixture.loseState());
      const doubts: string[] = [];
      const observer: RunnerObserver = { disbelieved: (_, source, why) => doubts.push(`${source} ${why}`) };
      const entries = new Map([[SUBJECTS[0]!, Uint8Array.of(0x39)]]);
      const whole = encodeSnapshot({ position: 6, schemaVersion: 1, entries });
      const half = whole.subarray(0, whole.length / 2);
      await ports.snapshots.put({ partition: PARTITION, position: 6, bytes: half });
      const operator = new CountingOperator();
      const runner = await acquire(operator, ports, "a", observer);
      expect(runner!.position).toBe(0);
      expect(doubts).toEqual([expect.stringMatching(/^snapshot (too-short|checksum)$/)]);
      await drain(runner!);
      expect(Object.fromEntries(operator.sums)).toEqual(expectedSums());
    });

    test("a log that was trimmed before it was read is said once, then reading goes on", async () => {
      const positions = await fill();
      await fixture.trim(positions[4]!);
      const operator = new CountingOperator();
      const runner = await acquire(operator);
      await drain(runner!);
      expect(operator.gaps).toEqual([`1-${positions[4]}`]);
      await runner!.release();
      const next = new CountingOperator();
      const heir = await acquire(next);
      await drain(heir!);
      expect(next.gaps).toEqual([]);
    });

    test("a log that is trimmed in front of a runner that lives: each record is counted or said to be missing", async () => {
      const positions = await fill();
      const operator = new CountingOperator();
      const runner = await acquire(operator);
      await runner!.step(0);
      await fixture.trim(positions[8]!);
      await drain(runner!);
      const gaps = operator.gaps.map((gap) => gap.split("-").map(Number) as [number, number]);
      const isMissing = (position: number) => gaps.some(([from, to]) => from <= position && position < to);
      const counted = sumsOf(records().filter((_, index) => !isMissing(positions[index]!)));
      expect(Object.fromEntries(operator.sums)).toEqual(counted);
      expect(operator.isDegraded).toBe(gaps.length > 0);
      expect(runner!.position).toBe(positions.at(-1));
    });

    test("live values are the newest per subject, and none while catching up", async () => {
      await fill();
      const runner = await acquire(new CountingOperator());
      await runner!.step(0);
      expect(live).toEqual(SUBJECTS.map((subject) => `live.${subject}`));
      clock.advance(RUNNER_DEFAULTS.liveAgeMsMax + 1);
      await runner!.step(0);
      expect(live).toHaveLength(SUBJECTS.length);
    });
  });
}

function records(): LogAppend[] {
  return Array.from({ length: RECORDS }, (_, index) => ({
    partition: PARTITION,
    subject: SUBJECTS[index % SUBJECTS.length]!,
    payload: Uint8Array.of(index + 1),
  }));
}

function expectedSums(): Record<string, number> {
  return sumsOf(records());
}

function sumsOf(counted: readonly LogAppend[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { subject, payload } of counted) sums[subject] = (sums[subject] ?? 0) + payload[0]!;
  return sums;
}

/** True when the run died; then everything in memory is gone. */
async function runUntilCrash(
  acquire: () => Promise<PartitionRunner | undefined>,
  drain: (runner: PartitionRunner) => Promise<void>,
): Promise<boolean> {
  try {
    const runner = await acquire();
    await drain(runner!);
    await runner!.release();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}
