import { setTimeout as sleep } from "node:timers/promises";
import { PARTITION_COUNT, partitionOf } from "@burnline/contract";
import {
  connectNats,
  connectRedis,
  createLogger,
  type NatsEventLog,
  type NatsLink,
  openFactLog,
  openRaceLog,
  type RedisConnection,
  RedisMembership,
  RedisStateStore,
  wallClock,
} from "@burnline/runtime";
import { type RealServer, startNatsServer } from "@burnline/runtime/testing";
import type { Prng } from "@burnline/std";
import { CommitWatch } from "./commit-watch.ts";
import { type Appended, Feed } from "./feed.ts";
import { ProcessorProcess, STREAM_LIMITS } from "./processor-process.ts";
import { RaceGenerator } from "./race-generator.ts";
import { RedisPair } from "./redis-pair.ts";
import { judge, type Verdict } from "./verdict.ts";
import { Wire } from "./wire.ts";

/** Everything is back to normal by then, or the run ends. */
const SETTLE_MS_MAX = 30_000;
const LOOK_MS = 20;
/** Leases are looked at so often while one waits for even shares. */
const ASK_MS = 100;
const RACE = "chaos";
/** Of what a processor said that did not end as it should. */
const LAST_LINES = 8;

const silent = createLogger({ service: "chaos", level: "silent", format: "json" });

export interface ClusterOptions {
  readonly processors: number;
  readonly cars: number;
  readonly seed: number;
  readonly minutes: number;
}

interface Opened {
  readonly nats: RealServer;
  readonly redis: RedisPair;
  readonly watchWire: Wire;
  readonly watchConnection: RedisConnection;
  readonly link: NatsLink;
  readonly raceLog: NatsEventLog;
  readonly factLog: NatsEventLog;
}

/** Something that must not happen, whatever breaks: it makes the run fail. */
export class ChaosError extends Error {}

/** Servers, processors and the feed of one run, with all that can be done to them. */
export class ChaosCluster {
  readonly nats: RealServer;
  readonly redis: RedisPair;
  readonly generator: RaceGenerator;
  readonly feed: Feed;
  readonly watch: CommitWatch;
  readonly problems: string[] = [];
  readonly #opened: Opened;
  readonly #membership: RedisMembership;
  readonly #everyone: ProcessorProcess[];
  readonly #mourned = new Set<ProcessorProcess>();

  private constructor(
    opened: Opened,
    { cars, seed, minutes }: ClusterOptions,
    processors: readonly ProcessorProcess[],
  ) {
    this.#opened = opened;
    this.#everyone = [...processors];
    this.nats = opened.nats;
    this.redis = opened.redis;
    const startMs = Math.floor(wallClock.nowMs() / 1_000) * 1_000;
    // Race control goes on planning beyond the end, since faults may take longer than foreseen.
    const endMs = startMs + 2 * minutes * 60_000;
    this.generator = new RaceGenerator({ race: RACE, cars, seed, startMs, endMs });
    const partitions = [...new Set(this.generator.cars.map((car) => partitionOf(car)))].sort((a, b) => a - b);
    const watch = new CommitWatch(opened.watchConnection, RACE, partitions);
    this.watch = watch;
    const appended: Appended = (...record) => watch.appended(...record);
    this.feed = new Feed(opened.raceLog, this.generator, () => wallClock.nowMs(), appended);
    this.#membership = new RedisMembership(opened.watchConnection, { race: RACE, partitions: PARTITION_COUNT });
  }

  static async start(options: ClusterOptions): Promise<ChaosCluster> {
    const [nats, redis] = await Promise.all([startNatsServer(), RedisPair.start()]);
    const watchWire = await Wire.open(redis.port);
    const watchConnection = await connectRedis({ address: `redis://127.0.0.1:${watchWire.port}`, logger: silent });
    const link = await connectNats({ servers: [nats.url], name: "chaos" });
    const raceLog = await openRaceLog(link, RACE, STREAM_LIMITS, silent);
    const factLog = await openFactLog(link, RACE, STREAM_LIMITS, silent);
    const opened = { nats, redis, watchWire, watchConnection, link, raceLog, factLog };
    const processors = await Promise.all(
      Array.from({ length: options.processors }, (_, index) => startProcessor(index + 1, opened)),
    );
    // The race begins when everybody is there.
    const cluster = new ChaosCluster(opened, options, processors);
    await cluster.feed.start();
    cluster.watch.start();
    return cluster;
  }

  /** Processors that run and do not stand still, oldest first. */
  get running(): readonly ProcessorProcess[] {
    return this.#everyone.filter(({ isRunning, isFrozen }) => isRunning && !isFrozen);
  }

  /** All there ever were. */
  get everyone(): readonly ProcessorProcess[] {
    return this.#everyone;
  }

  async join(): Promise<ProcessorProcess> {
    const processor = await startProcessor(this.#everyone.length + 1, this.#opened);
    this.#everyone.push(processor);
    return processor;
  }

  /** SIGTERM; a processor that does not end by itself is a problem. @returns ms until it had ended */
  async leave(processor: ProcessorProcess): Promise<number> {
    const { exit, tookMs } = await processor.leave();
    if (exit !== 0)
      this.problems.push(
        `${processor.name} ended with ${exit}, ${tookMs} ms after SIGTERM:\n${processor.lines.slice(-LAST_LINES).join("\n")}`,
      );
    return tookMs;
  }

  victim(prng: Prng): ProcessorProcess {
    return prng.pick(this.running);
  }

  /** Everybody now reaches Redis at its new place. */
  redirectRedis(port: number): void {
    for (const wire of [this.#opened.watchWire, ...this.running.map(({ redis }) => redis)]) {
      wire.setTarget(port);
      wire.cut();
    }
  }

  /** Everything that is in the log now has been committed. */
  async settled(): Promise<void> {
    const positions = this.feed.positions();
    await this.#until(
      () => this.watch.behind(positions).length === 0,
      () => `partitions ${this.watch.behind(positions).join(", ")} do not come forward`,
    );
  }

  /** Every partition is owned by somebody who runs, and nobody works for less than half of a fair share of the cars. */
  async even(): Promise<void> {
    let shares: ReadonlyMap<string, { partitions: number; cars: number }> = new Map();
    await this.#until(
      async () => {
        shares = await this.#shares();
        const all = [...shares.values()];
        const fewest = Math.min(...all.map(({ cars }) => cars));
        const owned = all.reduce((sum, { partitions }) => sum + partitions, 0);
        return owned === PARTITION_COUNT && fewest >= Math.floor(this.generator.cars.length / all.length / 2);
      },
      () => `partitions and cars are shared out as ${JSON.stringify([...shares])}`,
      ASK_MS,
    );
  }

  /** Partitions and cars by the name of their owner, of those who run. */
  async #shares(): Promise<ReadonlyMap<string, { partitions: number; cars: number }>> {
    const owners = new Map((await this.#membership.leases()).map(({ partition, ownerId }) => [partition, ownerId]));
    return new Map(
      this.running.map(({ name, memberId }) => {
        const partitions = [...owners.values()].filter((ownerId) => ownerId === memberId).length;
        const cars = this.generator.cars.filter((car) => owners.get(partitionOf(car)) === memberId).length;
        return [name, { partitions, cars }];
      }),
    );
  }

  /** Who ended although nobody ended it. */
  noteDeaths(expected: ReadonlySet<ProcessorProcess>): void {
    for (const processor of this.#everyone) {
      if (processor.isRunning || expected.has(processor) || this.#mourned.has(processor)) continue;
      this.#mourned.add(processor);
      this.problems.push(`${processor.name} ended by itself:\n${processor.lines.slice(-LAST_LINES).join("\n")}`);
    }
  }
  /** After the feed has stopped: everybody leaves, then the books are compared. */
  async judge(): Promise<Verdict> {
    await this.settled();
    await this.watch.stop();
    await Promise.all(this.running.map((processor) => this.leave(processor)));
    const connection = await connectRedis({ address: `redis://127.0.0.1:${this.redis.port}`, logger: silent });
    const state = new RedisStateStore(connection, { race: RACE });
    const { raceLog, factLog } = this.#opened;
    const verdict = await judge({ race: RACE, truth: this.generator.truth, raceLog, factLog, state });
    await connection.close();
    return verdict;
  }

  async stop(): Promise<void> {
    await this.watch.stop();
    await Promise.all(this.#everyone.map((processor) => processor.close()));
    const { link, watchConnection, watchWire } = this.#opened;
    await watchConnection.close();
    await watchWire.close();
    await link.close();
    await Promise.all([this.nats.stop(), this.redis.stop()]);
  }

  async #until(
    isSo: () => boolean | Promise<boolean>,
    otherwise: () => string,
    everyMs: number = LOOK_MS,
  ): Promise<void> {
    const deadlineMs = performance.now() + SETTLE_MS_MAX;
    while (!(await isSo())) {
      if (performance.now() >= deadlineMs) throw new ChaosError(`after ${SETTLE_MS_MAX / 1_000} s ${otherwise()}`);
      await sleep(everyMs);
    }
  }
}

async function startProcessor(number: number, { nats, redis }: Opened): Promise<ProcessorProcess> {
  const wires = await Promise.all([Wire.open(nats.port), Wire.open(redis.port)]);
  return ProcessorProcess.start(`p${number}`, RACE, ...wires);
}
