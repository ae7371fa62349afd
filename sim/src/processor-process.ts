import { OPEN_WINDOWS_MAX, RaceTopology, WAITING_FRAMES_MAX } from "@burnline/processor";
import { assert, type Prng, type StepClock } from "@burnline/std";
import {
  HEARTBEAT_TTL_MS,
  type Membership,
  Ownership,
  type OwnershipCommand,
  PartitionRunner,
  type PeerMessage,
  RUNNER_DEFAULTS,
  type RunnerPorts,
} from "@burnline/stream";
import { CrashError, faultyMembership, faultyPorts, type SinkWitness } from "./faulty-ports.ts";
import type { SimPeer, SimPeers } from "./sim-peers.ts";
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
/** A snapshot every few simulated seconds, so that losses of the store find some. */
const SNAPSHOT_INTERVAL_MS = 4_000;
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
  readonly clock: StepClock;
  readonly prng: Prng;
  /** The partitions that take part, rising; the ownership core counts them from 0. */
  readonly partitions: readonly number[];
}

interface Owned {
  readonly runner: PartitionRunner;
  readonly topology: RaceTopology;
  readonly watermarks: Map<string, number>;
}

/** From one start of a process to its end. */
interface Life {
  readonly memberId: string;
  readonly core: Ownership;
  readonly owned: Map<number, Owned>;
  readonly mail: PeerMessage[];
  heartbeatDueMs: number;
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
    for (const { runner } of this.#life?.owned.values() ?? []) await runner.release();
    this.#life?.owned.clear();
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
    return { memberId, core, owned: new Map(), mail: [], heartbeatDueMs: 0 };
  }

  async #end(life: Life): Promise<void> {
    for (const { runner } of life.owned.values()) await runner.abandon();
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
    for (const [index, owned] of life.owned) {
      if ((await owned.runner.step(0)) === "lost") {
        life.owned.delete(index);
        life.core.onOutcome(this.#nowMs(), index, "lost");
      } else checkOperator(this.#partition(index), owned);
    }
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
    const { core, owned } = life;
    switch (command.type) {
      case "acquire": {
        const taken = await this.#acquire(life, this.#partition(command.partition), command.takeOverEpoch);
        if (taken !== undefined) owned.set(command.partition, taken);
        if (taken !== undefined && command.takeOverEpoch !== undefined) this.takeovers++;
        core.onOutcome(this.#nowMs(), command.partition, taken === undefined ? "refused" : "acquired");
        break;
      }
      case "release":
        await owned.get(command.partition)?.runner.release();
        owned.delete(command.partition);
        core.onOutcome(this.#nowMs(), command.partition, "released");
        break;
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

  async #acquire(life: Life, partition: number, takeOverEpoch: number | undefined): Promise<Owned | undefined> {
    const topology = new RaceTopology(this.#on.race, partition);
    const options = {
      ...{ ...RUNNER_DEFAULTS, partition, ownerId: life.memberId },
      ...{ recordsPerCommitMax: 16, snapshotIntervalMs: SNAPSHOT_INTERVAL_MS },
      ...(takeOverEpoch === undefined ? {} : { takeOverEpoch }),
    };
    const runner = await PartitionRunner.acquire(this.#ports, options, topology);
    return runner === undefined ? undefined : { runner, topology, watermarks: new Map() };
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
  return (index) => [...(life.owned.get(index)?.topology.cars() ?? [])].length;
}

/** I1, I3, I4 and I8, as far as an operator shows them. */
function checkOperator(partition: number, { topology, watermarks }: Owned): void {
  const fault = topology.invariantFault();
  assert(fault === undefined, `I3/I4: partition ${partition}: ${fault}`);
  for (const [car, state] of topology.cars()) {
    assert(state.mark.watermarkMs >= (watermarks.get(car) ?? -1), `I1: the watermark of car ${car} went back`);
    watermarks.set(car, state.mark.watermarkMs);
    assert(state.waiting.length <= WAITING_FRAMES_MAX, `I8: car ${car} has ${state.waiting.length} frames waiting`);
    assert(state.windows.length <= OPEN_WINDOWS_MAX, `I8: car ${car} has ${state.windows.length} windows open`);
  }
}
