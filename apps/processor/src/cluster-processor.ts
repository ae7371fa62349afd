import { PARTITION_COUNT } from "@burnline/contract";
import type { Clock } from "@burnline/std";
import {
  type AcquireCommand,
  ASK_TIMEOUT_MS,
  HEARTBEAT_TTL_MS,
  type HoldOutcome,
  type Membership,
  Ownership,
  type OwnershipCommand,
  type PeerLink,
  RUNNER_DEFAULTS,
  type RunnerObserver,
} from "@burnline/stream";
import { ClusterScale, type ScaleReading } from "./cluster-scale.ts";
import { warmUp } from "./cluster-warm-up.ts";
import { isFatal, PartitionRun, type RunEnd } from "./partition-run.ts";
import type { Processor, ProcessorOptions } from "./processor.ts";
import type { ProcessorLogger } from "./processor-metrics.ts";
import { observeRunners } from "./runner-observer.ts";
import type { RaceTopology } from "./topology.ts";

/** Members and leases are looked at so often, and at once when a member is suspected. */
const TURN_MS = 100;
const HEARTBEAT_MS = 250;
/**
 * A drain takes less than 0.5 s. What is not given back by then, because log or store do not answer, is left behind: the
 * others take it when they see us gone, and the store refuses whatever we may still try.
 */
const DRAIN_MS_MAX = 2_000;
/** The good-bye may take so long; nobody needs it, it only saves the others a question. */
const FAREWELL_MS_MAX = 500;
/** A car without a frame for so many ticks (seconds) is no load. */
const IDLE_TICKS = 15;

export interface ClusterProcessorOptions extends ProcessorOptions {
  readonly logger: ProcessorLogger & { info(fields: object, message: string): void };
  readonly membership: Membership;
  readonly link: PeerLink;
  /** Measures intervals; must not go back. */
  readonly steadyClock: Clock;
  /**
   * How many signs of life have come from the log so far; asked every TURN_MS. Whoever gets none while others do is cut
   * off, and they take its partitions; when the log is gone for all, everything stays where it is.
   */
  readonly logPulse: () => number;
}

export interface ClusterProcessor extends Processor {
  /** What the autoscaler asks for. */
  scale(): ScaleReading;
}

/**
 * Shares a race's partitions with other processes. A shell around `Ownership`: tells it what is so, does what it says.
 * `ownerId` has to be of this life of the process only.
 */
export function createClusterProcessor(options: ClusterProcessorOptions): ClusterProcessor {
  const shell = new OwnershipShell(options);
  return {
    start: () => shell.start(),
    stop: () => shell.stop(),
    partitionsOwned: () => shell.topologies().length,
    carCounts: () => new Map(shell.topologies().flatMap((topology) => [...topology.carCounts()])),
    scale: () => shell.scale(),
  };
}

class OwnershipShell {
  readonly #options: ClusterProcessorOptions;
  readonly #core: Ownership;
  readonly #observer: RunnerObserver;
  readonly #scale: ClusterScale;
  readonly #runs = new Map<number, PartitionRun>();
  readonly #drained = Promise.withResolvers<void>();
  #unsubscribe: () => void = () => {};
  #turns: Promise<void> | undefined;
  #heartbeatDueMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #isStopped = false;
  #membershipFails = false;

  constructor(options: ClusterProcessorOptions) {
    this.#options = options;
    this.#core = new Ownership({ memberId: options.ownerId, partitionCount: PARTITION_COUNT });
    this.#scale = new ClusterScale(options.steadyClock);
    const observer = observeRunners(options.metrics, options.logger);
    this.#observer = {
      ...observer,
      committed: (partition, records, outputs, oldestWaitMs, lagMs) => {
        this.#scale.committed(partition, lagMs);
        observer.committed?.(partition, records, outputs, oldestWaitMs, lagMs);
      },
    };
  }

  async start(): Promise<void> {
    // A standby that has never run would take over at the speed of cold code.
    await warmUp();
    this.#unsubscribe = this.#options.link.subscribe((message) => {
      this.#core.onMessage(this.#nowMs(), message);
      this.#obey();
    });
    await this.#turn();
    this.#turns = this.#keepTurning();
  }

  /** Gives everything back to those who stay. Never takes longer than DRAIN_MS_MAX and FAREWELL_MS_MAX. */
  async stop(): Promise<void> {
    const { sleep, logger } = this.#options;
    this.#core.drain();
    this.#heartbeatDueMs = Number.NEGATIVE_INFINITY;
    this.#obey();
    this.#noteDrained();
    await Promise.race([this.#drained.promise, sleep(DRAIN_MS_MAX)]);
    const partitions = [...this.#runs.keys()];
    if (partitions.length > 0)
      logger.warn({ partitions }, "not everything could be given back in time, the others have to take it");
    this.#isStopped = true;
    this.#unsubscribe();
    for (const run of this.#runs.values()) run.stop();
    await Promise.race([this.#sayGoodbye(), sleep(FAREWELL_MS_MAX)]);
  }

  async #sayGoodbye(): Promise<void> {
    const { membership, link, ownerId } = this.#options;
    await this.#turns;
    await membership.leave(ownerId).catch((error: unknown) => this.#failed(error));
    await link.close();
  }

  topologies(): readonly RaceTopology[] {
    return [...this.#runs.values()].flatMap(({ topology }) => topology ?? []);
  }

  scale(): ScaleReading {
    return this.#scale.read(this.#core.unowned(this.#nowMs()));
  }

  async #keepTurning(): Promise<void> {
    while (!this.#isStopped) {
      await this.#options.sleep(TURN_MS);
      await this.#turn();
    }
  }

  async #turn(): Promise<void> {
    this.#core.onPulse(this.#nowMs(), this.#options.logPulse());
    await this.#heartbeat();
    await this.#look();
    this.#options.metrics.partitionsOwned(this.topologies().length);
  }

  async #heartbeat(): Promise<void> {
    const { membership } = this.#options;
    const nowMs = this.#nowMs();
    if (nowMs < this.#heartbeatDueMs) return;
    this.#heartbeatDueMs = nowMs + HEARTBEAT_MS;
    const member = this.#core.heartbeat(nowMs, (partition) => activeCars(this.#runs.get(partition)?.topology));
    await membership.heartbeat(member, HEARTBEAT_TTL_MS).catch((error: unknown) => this.#failed(error));
  }

  /** Reads members and leases, and does what follows from them. One look at a time. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { membership } = this.#options;
    try {
      const [members, leases] = await Promise.all([membership.members(), membership.leases()]);
      this.#core.onPulse(this.#nowMs(), this.#options.logPulse());
      this.#core.onView(this.#nowMs(), members, leases);
      this.#membershipFails = false;
    } catch (error) {
      this.#failed(error);
    }
    this.#obey();
  }

  #obey(): void {
    if (this.#isStopped) return;
    for (const command of this.#core.decide(this.#nowMs())) this.#do(command);
  }

  #do(command: OwnershipCommand): void {
    const { link } = this.#options;
    switch (command.type) {
      case "acquire":
        void this.#run(command);
        break;
      case "release":
        this.#runs.get(command.partition)?.stop();
        break;
      case "ask":
        void link.ask(command.memberId, ASK_TIMEOUT_MS).then((answer) => {
          this.#core.onAnswer(this.#nowMs(), command.memberId, answer);
          this.#obey();
        });
        break;
      case "announce":
        link.announce(command.message);
        break;
      case "look":
        void this.#look();
        break;
      case "beat":
        this.#options.logger.warn(
          {},
          this.#core.isCutOff ? "cut off from the log, the others take what we have" : "the log is heard again",
        );
        this.#heartbeatDueMs = Number.NEGATIVE_INFINITY;
        void this.#heartbeat();
    }
  }

  async #run({ partition, takeOverEpoch, reason, sinceMs }: AcquireCommand): Promise<void> {
    const { ports, sleep, race, ownerId, runner, metrics, logger } = this.#options;
    const run = new PartitionRun({
      ...{ ports: { ...ports, sleep }, race, observer: this.#observer },
      options: {
        ...{ ...RUNNER_DEFAULTS, ...runner, partition, ownerId },
        ...(takeOverEpoch === undefined ? {} : { takeOverEpoch }),
      },
    });
    this.#runs.set(partition, run);
    let end: RunEnd | "failed";
    try {
      end = await run.run(() => {
        const gapMs = this.#nowMs() - sinceMs;
        metrics.takenOver(reason, gapMs / 1_000);
        if (reason !== "free" && reason !== "own")
          logger.info({ partition, reason, gapMs: Math.round(gapMs) }, "took over a partition");
        this.#report(partition, "acquired");
      });
    } catch (error) {
      metrics.partitionFailed();
      if (isFatal(error)) this.#options.onFatal(error);
      else logger.error({ err: error, partition }, "partition failed, recovering from the store");
      end = "failed";
    }
    this.#runs.delete(partition);
    this.#scale.forget(partition);
    metrics.partitionEnded(partition);
    this.#report(partition, end);
    this.#noteDrained();
  }

  /** Once stopped, nobody decides any more: a run then ends as it may, also one that was never told to. */
  #report(partition: number, outcome: HoldOutcome): void {
    if (this.#isStopped) return;
    this.#core.onOutcome(this.#nowMs(), partition, outcome);
    this.#obey();
  }

  #noteDrained(): void {
    if (this.#core.isDrained) this.#drained.resolve();
  }

  /** Said once until it works again: the metric counts every time. */
  #failed(error: unknown): void {
    this.#options.metrics.membershipFailed();
    if (!this.#membershipFails) this.#options.logger.error({ err: error }, "cannot see the other processors");
    this.#membershipFails = true;
  }

  #nowMs(): number {
    return this.#options.steadyClock.nowMs();
  }
}

function activeCars(topology: RaceTopology | undefined): number {
  let active = 0;
  for (const [, car] of topology?.cars() ?? []) if (car.ticksSilent < IDLE_TICKS) active += 1;
  return active;
}
