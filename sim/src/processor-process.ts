import { assert, type Prng, type StepClock } from "@burnline/std";
import {
  type AcquireCommand,
  HEARTBEAT_TTL_MS,
  type Membership,
  Ownership,
  type OwnershipCommand,
  type PeerMessage,
  type RunnerPorts,
} from "@burnline/stream";
import { CrashError, faultyMembership, faultyPorts, type SinkWitness } from "./faulty-ports.ts";
import { PartitionTask } from "./partition-task.ts";
import type { SimPeer, SimPeers } from "./sim-peers.ts";
import { type Stalls, Waits } from "./stalls.ts";
import { StandStill } from "./stand-still.ts";

/** A dead process is back after so long, simulated; so is one that left. */
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 1_500;
/** Longer than a lease, so that others take over meanwhile. */
const FREEZE_MS_MIN = 2_500;
const FREEZE_MS_MAX = 6_000;
/** A freeze comes between two turns, or at one of the next calls of a port; so many are a few turns. */
const FREEZE_CALLS_MAX = 40;
const CUT_OFF_MS_MIN = 100;
const CUT_OFF_MS_MAX = 4_000;
const HEARTBEAT_MS = 250;
/** Decisions that follow from each other within one step. */
const ROUNDS_MAX = 8;

export interface ProcessDependencies {
  readonly race: string;
  readonly ports: RunnerPorts;
  readonly membership: Membership;
  readonly witness: SinkWitness;
  /** Called before and after every call of a port; throws CrashError where the process dies. */
  readonly crashPoint: (where: string) => void;
  readonly peers: SimPeers;
  readonly stalls: Stalls;
  readonly clock: StepClock;
  readonly prng: Prng;
  /** The partitions that take part, rising; the ownership core counts them from 0. */
  readonly partitions: readonly number[];
}

/** From one start of a process to its end. */
interface Life {
  readonly memberId: string;
  readonly core: Ownership;
  readonly tasks: Map<number, PartitionTask>;
  readonly mail: PeerMessage[];
  heartbeatDueMs: number;
  /** Came to light beside the turn, in a renewal. */
  fault: unknown;
}

/** One simulated processor process: does what the ownership core says, leaves, dies, freezes and comes back. */
export class ProcessorProcess implements SimPeer {
  readonly #name: string;
  readonly #on: ProcessDependencies;
  readonly #ports: RunnerPorts;
  readonly #membership: Membership;
  readonly #standStill = new StandStill();
  /** The turn in whose middle it stands still. */
  #turnUnderWay: Promise<void> | undefined;
  #life: Life | undefined;
  #lives = 0;
  #downUntilMs = 0;
  #frozenUntilMs = 0;
  #cutOffUntilMs = 0;
  crashes = 0;
  freezes = 0;
  leaves = 0;
  takeovers = 0;
  /** Partitions that others took from it. */
  losses = 0;

  constructor(name: string, dependencies: ProcessDependencies) {
    this.#name = name;
    this.#on = dependencies;
    const point = (where: string) => {
      dependencies.crashPoint(where);
      const pause = this.#standStill.pass();
      if (pause !== undefined) this.#standStillNow();
      return pause;
    };
    this.#ports = faultyPorts(dependencies.ports, point, dependencies.witness);
    this.#membership = faultyMembership(dependencies.membership, point);
    dependencies.peers.add(this);
  }

  get memberId(): string | undefined {
    return this.#life?.memberId;
  }

  get isFrozen(): boolean {
    return this.#nowMs() < this.#frozenUntilMs;
  }

  get isCutOff(): boolean {
    return this.#nowMs() < this.#cutOffUntilMs;
  }

  hear(message: PeerMessage): void {
    this.#life?.mail.push(message);
  }

  /** Stands still with everything in its memory, between two turns or in the middle of one; wakes up as a zombie. */
  freeze(): void {
    this.freezes++;
    if (this.#on.prng.chance(0.5)) this.#standStillNow();
    else this.#standStill.arm(this.#on.prng.integer(0, FREEZE_CALLS_MAX));
  }

  /** The others get no answer from it although it goes on working. */
  cutOff(): void {
    this.#cutOffUntilMs = this.#nowMs() + this.#on.prng.integer(CUT_OFF_MS_MIN, CUT_OFF_MS_MAX);
  }

  /** Is told to go; comes back after a while as a new member. */
  leave(): void {
    if (this.#life === undefined) return;
    this.leaves++;
    this.#life.core.drain();
  }

  /** One turn: decide, and run every partition once; a crash in any of it ends this life. */
  async step(): Promise<void> {
    if (this.isFrozen || this.#nowMs() < this.#downUntilMs) return;
    this.#turnUnderWay ??= this.#turnOrCrash();
    if (await this.#standStill.run(this.#turnUnderWay)) this.#turnUnderWay = undefined;
  }

  /** Gives everything back in good order. */
  async stop(): Promise<void> {
    for (const task of this.#life?.tasks.values() ?? []) await task.release();
    this.#life?.tasks.clear();
  }

  #standStillNow(): void {
    this.#frozenUntilMs = this.#nowMs() + this.#on.prng.integer(FREEZE_MS_MIN, FREEZE_MS_MAX);
  }

  async #turnOrCrash(): Promise<void> {
    this.#life ??= this.#begin();
    try {
      await this.#turn(this.#life);
    } catch (error) {
      if (!(error instanceof CrashError)) throw error;
      this.crashes++;
      await this.#end(this.#life);
    }
  }

  #begin(): Life {
    this.#lives++;
    // A name per life: a dead process's lease has to be taken from it, as in real life.
    const memberId = `${this.#name}-${this.#lives}`;
    const core = new Ownership({ memberId, partitionCount: this.#on.partitions.length });
    return { memberId, core, tasks: new Map(), mail: [], heartbeatDueMs: 0, fault: undefined };
  }

  async #end(life: Life): Promise<void> {
    for (const task of life.tasks.values()) await task.abandon();
    this.#life = undefined;
    this.#downUntilMs = this.#nowMs() + this.#on.prng.integer(RESTART_MS_MIN, RESTART_MS_MAX);
  }

  async #turn(life: Life): Promise<void> {
    if (this.#nowMs() >= life.heartbeatDueMs) {
      life.heartbeatDueMs = this.#nowMs() + HEARTBEAT_MS;
      await this.#membership.heartbeat(life.core.heartbeat(this.#nowMs(), carsOf(life)), HEARTBEAT_TTL_MS);
    }
    await this.#look(life);
    for (const message of life.mail.splice(0)) life.core.onMessage(this.#nowMs(), message);
    await this.#decide(life);
    for (const [index, task] of life.tasks) await this.#goOn(life, index, task);
    if (!life.core.isDrained) return;
    await this.#membership.leave(life.memberId);
    await this.#end(life);
  }

  async #look(life: Life): Promise<void> {
    const { partitions } = this.#on;
    const leases = (await this.#membership.leases()).flatMap((lease) => {
      const index = partitions.indexOf(lease.partition);
      return index < 0 ? [] : [{ ...lease, partition: index }];
    });
    life.core.onView(this.#nowMs(), await this.#membership.members(), leases);
  }

  async #decide(life: Life): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const commands = life.core.decide(this.#nowMs());
      for (const command of commands) await this.#obey(life, command);
      if (commands.length === 0) return;
    }
  }

  async #obey(life: Life, command: OwnershipCommand): Promise<void> {
    const { core, tasks } = life;
    switch (command.type) {
      case "acquire": {
        const task = this.#task(life, command);
        tasks.set(command.partition, task);
        await this.#goOn(life, command.partition, task);
        break;
      }
      case "release": {
        const task = tasks.get(command.partition);
        task?.unwanted();
        if (task !== undefined) await this.#goOn(life, command.partition, task);
        break;
      }
      case "ask":
        core.onAnswer(this.#nowMs(), command.memberId, this.#on.peers.ask(this, command.memberId));
        break;
      case "announce":
        this.#on.peers.announce(this, command.message);
        break;
      case "look":
        await this.#look(life);
    }
  }

  #task(life: Life, { partition, takeOverEpoch }: AcquireCommand): PartitionTask {
    const { race, clock, stalls } = this.#on;
    return new PartitionTask({
      ...{ race, takeOverEpoch, partition: this.#partition(partition), ownerId: life.memberId, ports: this.#ports },
      waits: new Waits(clock, stalls),
      onFault: (error) => {
        life.fault ??= error;
      },
    });
  }

  /** One partition as far as it comes. What has to wait is left waiting, the others go on. */
  async #goOn(life: Life, index: number, task: PartitionTask): Promise<void> {
    const turn = task.turn();
    const isDone = await this.#isDone(turn);
    if (life.fault !== undefined) throw life.fault;
    if (!isDone) return;
    const outcome = await turn;
    if (outcome === "stepped") return task.check();
    if (outcome === "acquired" && task.isTakeover) this.takeovers++;
    if (outcome === "lost") this.losses++;
    if (outcome !== "acquired") life.tasks.delete(index);
    life.core.onOutcome(this.#nowMs(), index, outcome);
  }

  /** False when it waits for something that does not come in this turn. */
  async #isDone(work: Promise<unknown>): Promise<boolean> {
    for (;;) {
      if (await isDoneAtOnce(work)) return true;
      const { pause } = this.#standStill;
      if (pause === undefined) return false;
      await pause;
    }
  }

  #partition(index: number): number {
    const partition = this.#on.partitions[index];
    assert(partition !== undefined, `there is no partition with index ${index}`);
    return partition;
  }

  #nowMs(): number {
    return this.#on.clock.nowMs();
  }
}

function carsOf(life: Life): (index: number) => number {
  return (index) => life.tasks.get(index)?.carCount ?? 0;
}

/** Whether it ends before everything stands still. All ports are in memory: what can go on does so before an immediate. */
function isDoneAtOnce(work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const standsStill = setImmediate(() => resolve(false));
    const done = () => {
      clearImmediate(standsStill);
      resolve(true);
    };
    work.then(done, done);
  });
}
