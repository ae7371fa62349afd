import type { StepClock } from "@burnline/std";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PartitionRunner } from "../partition-runner.ts";
import type { LogAppend, OutboxRecord } from "../ports.ts";
import { RUNNER_DEFAULTS, type RunnerObserver, type RunnerPorts } from "../runner-options.ts";
import { CountingOperator } from "./counting-operator.ts";
import { Crash, dieAt, type StoredPorts } from "./crashing-ports.ts";

/** Ports whose log can lose what was appended last, as a server's does whose newest records never reached its disk. */
export interface LogLossFixture {
  readonly ports: StoredPorts;
  /** Keeps what the log holds now; the function that it returns puts that back. Who reads the log goes on reading. */
  keep(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const PARTITION = 7;
const SUBJECT = "race.r.7.tel.a";
/** Records in front of the cut, and those that are lost. */
const KEPT = 8;
const LOST = 4;
/** What a record is worth that is appended after the loss. */
const LATER = 100;
const TURN_MS = 50;
/** Within 15 s a reader has noticed that its server came back with another log. */
const TURNS_MAX = 300;

/** The laws of runner and recovery on a log that loses its tail and gives the positions out again. */
export function logLossSuite(
  name: string,
  clock: StepClock,
  open: (clock: StepClock) => Promise<LogLossFixture>,
): void {
  describe(`PartitionRunner on ${name} that loses its tail`, () => {
    let fixture: LogLossFixture;
    let sent: OutboxRecord[];

    beforeEach(async () => {
      fixture = await open(clock);
      sent = [];
    });
    afterEach(() => fixture.close());

    const portsOf = (): RunnerPorts => ({
      ...fixture.ports,
      clock,
      sink: { send: async (records) => void sent.push(...records) },
      live: { publish: () => {}, subscribe: () => () => {} },
    });
    const acquire = async (
      operator: CountingOperator,
      { ports = portsOf(), observer = {} }: { ports?: RunnerPorts; observer?: RunnerObserver } = {},
    ) => {
      // Whoever had it is dead, or gave it back.
      clock.advance(RUNNER_DEFAULTS.leaseTtlMs + 1);
      const options = { ...RUNNER_DEFAULTS, partition: PARTITION, ownerId: `at ${clock.nowMs()}` };
      const runner = await PartitionRunner.acquire(ports, options, operator, observer);
      expect(runner).toBeDefined();
      return runner!;
    };
    const appendLater = (count: number) => fixture.ports.log.append(recordsOf(count, LATER));
    /** Everything counted up to `KEPT + LOST`, and the way back to `KEPT`. */
    const countAndKeep = async () => {
      await fixture.ports.log.append(recordsOf(KEPT, 1));
      const putBack = await fixture.keep();
      await fixture.ports.log.append(recordsOf(LOST, 1));
      const operator = new CountingOperator();
      const runner = await acquire(operator);
      await drain(runner);
      expect(operator.sums.get(SUBJECT)).toBe(KEPT + LOST);
      return { runner, putBack };
    };
    const expectRecovered = async (operator: CountingOperator, later: number) => {
      await drain(await acquire(operator));
      expect(operator.sums.get(SUBJECT)).toBe(KEPT + later * LATER);
      expect(operator.isDegraded).toBe(true);
    };

    test("a runner that lives ends, and who follows counts what the log holds and is degraded", async () => {
      const { runner, putBack } = await countAndKeep();
      await putBack();
      await appendLater(LOST + 2);
      await expect(stepToTheEnd(runner)).rejects.toMatchObject({ name: "LogTailLostError" });
      await runner.abandon();
      await expectRecovered(new CountingOperator(), LOST + 2);
    });

    test("a runner that lives ends also while the log is shorter than what it has read", async () => {
      const { runner, putBack } = await countAndKeep();
      await putBack();
      await expect(stepToTheEnd(runner)).rejects.toMatchObject({ name: "LogTailLostError" });
      await runner.abandon();
      await expectRecovered(new CountingOperator(), 0);
    });

    test.each([0, LOST - 1, LOST, LOST + 2])(
      "nobody had the partition, the log has %i new records: they are counted once, the lost ones are not, and it is said",
      async (later) => {
        const { runner, putBack } = await countAndKeep();
        await runner.release();
        await putBack();
        await appendLater(later);
        const operator = new CountingOperator();
        const said: string[] = [];
        const observer: RunnerObserver = {
          disbelieved: (_, source, why) => said.push(`${source} ${why}`),
          dataGap: (_, firstMissing, firstPresent) => said.push(`${firstMissing}-${firstPresent}`),
        };
        const heir = await acquire(operator, { observer });
        await drain(heir);
        expect(operator.sums.get(SUBJECT)).toBe(KEPT + later * LATER);
        expect(said).toEqual([`store ${later < LOST ? "ahead-of-log" : "not-in-log"}`, `1-${KEPT + LOST + 1}`]);
        expect(sent.filter(({ id }) => id.startsWith("gap"))).toHaveLength(1);
        await heir.release();
        const next = new CountingOperator();
        await drain(await acquire(next));
        expect(next.isDegraded).toBe(true);
        expect(next.gaps).toEqual([]);
        expect(next.sums).toEqual(operator.sums);
      },
    );

    test("of the snapshots the newest is used whose record the log still holds", async () => {
      await fixture.ports.log.append(recordsOf(KEPT - 2, 1));
      const first = await acquire(new CountingOperator());
      await drain(first);
      clock.advance(3 * RUNNER_DEFAULTS.snapshotIntervalMs);
      await fixture.ports.log.append(recordsOf(2, 1));
      const putBack = await fixture.keep();
      await drain(first);
      clock.advance(3 * RUNNER_DEFAULTS.snapshotIntervalMs);
      await fixture.ports.log.append(recordsOf(LOST, 1));
      await drain(first);
      const [newest, sound] = await fixture.ports.snapshots.list(PARTITION);
      expect([newest?.position, sound?.position]).toEqual([KEPT + LOST, KEPT]);
      await first.release();
      await putBack();
      await appendLater(LOST + 2);
      const said: string[] = [];
      const operator = new CountingOperator();
      const heir = await acquire(operator, {
        observer: { recovered: (_, source, position) => said.push(`${source} ${position}`) },
      });
      expect(said).toEqual([`snapshot ${KEPT}`]);
      expect(operator.gaps).toEqual([`${KEPT + 1}-${KEPT + LOST + 1}`]);
      await drain(heir);
      expect(operator.sums.get(SUBJECT)).toBe(KEPT + (LOST + 2) * LATER);
    });

    test("a state from in front of the cut goes on as if nothing had happened", async () => {
      await fixture.ports.log.append(recordsOf(KEPT, 1));
      const runner = await acquire(new CountingOperator());
      await drain(runner);
      await runner.release();
      const putBack = await fixture.keep();
      await fixture.ports.log.append(recordsOf(LOST, 1));
      await putBack();
      await appendLater(LOST + 2);
      const operator = new CountingOperator();
      await drain(await acquire(operator));
      expect(operator.sums.get(SUBJECT)).toBe(KEPT + (LOST + 2) * LATER);
      expect(operator.isDegraded).toBe(false);
    });

    test("a crash at any call while it recovers does not make the loss forgotten", async () => {
      const { runner, putBack } = await countAndKeep();
      await runner.release();
      await putBack();
      await appendLater(LOST + 2);
      for (let deadly = 0; ; deadly++) {
        const crashed = await acquire(new CountingOperator(), { ports: dieAt(portsOf(), deadly) }).then(
          () => false,
          (error: unknown) => error instanceof Crash,
        );
        if (!crashed) break;
        expect(deadly).toBeLessThan(100);
      }
      await expectRecovered(new CountingOperator(), LOST + 2);
      expect(sent.filter(({ id }) => id.startsWith("gap")).length).toBeGreaterThan(0);
    });
  });
}

function recordsOf(count: number, worth: number): LogAppend[] {
  return Array.from({ length: count }, () => ({
    partition: PARTITION,
    subject: SUBJECT,
    payload: Uint8Array.of(worth),
  }));
}

async function drain(runner: PartitionRunner): Promise<void> {
  while ((await runner.step(0)) === "progress");
}

async function stepToTheEnd(runner: PartitionRunner): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn++) await runner.step(TURN_MS);
}
