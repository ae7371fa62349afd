import { parseRaceSubject, partitionOf } from "@burnline/contract";
import { createInference, type Inference } from "@burnline/inference";
import { IngestSession, type Source } from "@burnline/ingest";
import { factLogSink } from "@burnline/processor";
import { MemoryEventLog, MemoryLiveChannel, MemorySnapshotStore, MemoryStateStore } from "@burnline/runtime";
import { assert, type Clock, Prng, StepClock } from "@burnline/std";
import type { LogAppend, LogRecord, RunnerPorts } from "@burnline/stream";
import { CommitOracle } from "./commit-oracle.ts";
import { FactAudit } from "./fact-audit.ts";
import { CrashError, SinkWitness } from "./faulty-ports.ts";
import { checkTotals, checkUninterrupted } from "./final-checks.ts";
import { hostileItem, hostileRecord, wrongTick } from "./hostile.ts";
import type { SimOptions } from "./options.ts";
import { ProcessorProcess } from "./processor-process.ts";
import { SimPeers } from "./sim-peers.ts";
import { simSource } from "./sim-race.ts";
import { type LeasedStore, LosableMembership, LosableStateStore } from "./sim-stores.ts";
import { simulatedModel } from "./simulated-model.ts";
import { Stalls } from "./stalls.ts";

/** Simulated time moves in steps of this. */
const STEP_MS = 50;
/** Turns without faults in which everything has to come to rest after the race: 30 s. */
const SETTLE_STEPS = 600;

export interface SimResult {
  readonly seed: number;
  readonly frames: number;
  readonly duplicates: number;
  readonly lateSamples: number;
  readonly facts: number;
  readonly crashes: number;
  readonly freezes: number;
  readonly leaves: number;
  /** Partitions taken from an owner before its lease ran out. */
  readonly takeovers: number;
  /** Partitions that another one took, in whatever way. */
  readonly losses: number;
  /** Times in which the fact log took nothing. */
  readonly stalls: number;
  readonly stateLosses: number;
  /** Commits that the oracle saw being taken, and refused because the partition was another's by then. */
  readonly commits: number;
  readonly fencedCommits: number;
  readonly resent: number;
  readonly modelCorrections: number;
  /** SHA-256 of the final state of all partitions, first 16 digits. */
  readonly stateHash: string;
}

/** Makes the store that all processes share. */
export type StoreMaker = (clock: Clock, makeUuid: () => string) => LeasedStore;

const soundStore: StoreMaker = (clock, makeUuid) => new MemoryStateStore(clock, makeUuid);

/**
 * Runs one seeded race through the whole chain under faults, and checks I1 to I12.
 * @throws InvariantError naming the invariant that broke.
 */
export async function simulate(options: SimOptions, makeStore = soundStore): Promise<SimResult> {
  const world = new World(options, makeStore);
  await world.race();
  await world.settle();
  return world.verdict();
}

class World {
  readonly #options: SimOptions;
  readonly #prng: Prng;
  /** Its own stream, so that the seeds that once broke something still meet the same faults. */
  readonly #wrongClock: Prng;
  readonly #source: Source;
  readonly #session: IngestSession;
  readonly #clock: StepClock;
  readonly #raceLog: MemoryEventLog;
  readonly #factLog: MemoryEventLog;
  readonly #state: LosableStateStore;
  readonly #membership: LosableMembership;
  readonly #oracle: CommitOracle;
  readonly #stalls: Stalls;
  readonly #witness = new SinkWitness();
  readonly #processes: ProcessorProcess[];
  readonly #inference: Inference;
  readonly #audit: FactAudit;
  readonly #partitions: number[];
  #faultsOn = true;
  #stateLosses = 0;
  #secondDueMs: number;

  constructor(options: SimOptions, makeStore: StoreMaker) {
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.#wrongClock = new Prng(options.seed).fork(6);
    this.#source = simSource(options);
    this.#session = new IngestSession(this.#source);
    const clock = new StepClock(this.#source.startMs);
    this.#clock = clock;
    this.#secondDueMs = this.#source.startMs;
    this.#raceLog = new MemoryEventLog(clock);
    this.#factLog = new MemoryEventLog(clock);
    let uuid = 0;
    this.#state = new LosableStateStore(() => makeStore(clock, () => `sim-${uuid++}`));
    this.#oracle = new CommitOracle(this.#state);
    this.#membership = new LosableMembership(this.#state, clock);
    const ports: RunnerPorts = {
      log: this.#raceLog,
      state: this.#oracle,
      snapshots: new MemorySnapshotStore(),
      sink: factLogSink(this.#factLog),
      live: new MemoryLiveChannel(),
      clock,
    };
    const crashes = this.#prng.fork(1);
    const crashPoint = (where: string) => {
      if (this.#faultsOn && crashes.chance(options.crash)) throw new CrashError(where);
    };
    // Partition 0 speaks for the race; the others matter only where a car lives.
    const cars = this.#source.race.entries.map(({ car }) => partitionOf(car));
    this.#partitions = [...new Set([0, ...cars])].sort((a, b) => a - b);
    const peers = new SimPeers(this.#prng.fork(5));
    // From the seed itself, so that without them all other faults are what they were.
    this.#stalls = new Stalls(clock, new Prng(options.seed).fork(6));
    this.#processes = ["a", "b", "c"].map(
      (name, index) =>
        new ProcessorProcess(name, {
          ...{ race: this.#source.race.race, clock, peers, stalls: this.#stalls, partitions: this.#partitions },
          ...{ ports, membership: this.#membership, witness: this.#witness, crashPoint },
          prng: this.#prng.fork(2 + index),
        }),
    );
    this.#inference = createInference({
      factLog: this.#factLog,
      raceLog: this.#raceLog,
      race: this.#source.race.race,
      model: simulatedModel(),
      clock,
      logger: { info: () => undefined, warn: () => undefined },
    });
    this.#audit = new FactAudit(this.#source.race.race, this.#factLog);
  }

  async race(): Promise<void> {
    const endMs = this.#source.startMs + this.#options.minutes * 60_000;
    await this.#append(this.#session.start());
    for await (const item of this.#source.items()) {
      if (item.arrivalMs > endMs) break;
      await this.#advanceTo(item.arrivalMs);
      await this.#append(this.#session.accept(item).appends);
    }
  }

  /** No more faults: everything comes to rest. */
  async settle(): Promise<void> {
    this.#faultsOn = false;
    await this.#advanceTo(this.#clock.nowMs() + SETTLE_STEPS * STEP_MS);
    await this.#inference.step();
    for (const process of this.#processes) await process.stop();
    await this.#audit.readAll();
  }

  async verdict(): Promise<SimResult> {
    const records = await this.#allRecords();
    const { race } = this.#source.race;
    const outputs = this.#witness.outputs;
    const stateHash = await checkUninterrupted(race, this.#partitions, records, this.#oracle, outputs);
    const { duplicates, lateSamples } = checkTotals(race, records, this.#audit);
    const sum = (pick: (process: ProcessorProcess) => number) =>
      this.#processes.reduce((total, one) => total + pick(one), 0);
    return {
      seed: this.#options.seed,
      frames: this.#session.counts.framesAdmitted,
      duplicates,
      lateSamples,
      facts: this.#audit.facts,
      crashes: sum(({ crashes }) => crashes),
      freezes: sum(({ freezes }) => freezes),
      leaves: sum(({ leaves }) => leaves),
      takeovers: sum(({ takeovers }) => takeovers),
      losses: sum(({ losses }) => losses),
      stalls: this.#stalls.count,
      stateLosses: this.#stateLosses,
      commits: this.#oracle.commits,
      fencedCommits: this.#oracle.fencedCommits,
      resent: this.#witness.resent,
      modelCorrections: records.filter(({ subject }) => parseRaceSubject(subject)?.kind === "ml").length,
      stateHash,
    };
  }

  async #advanceTo(targetMs: number): Promise<void> {
    while (this.#clock.nowMs() < targetMs) {
      this.#clock.advance(STEP_MS);
      const nowMs = this.#clock.nowMs();
      while (this.#session.tickDue(nowMs)) await this.#append(this.#session.tick());
      if (nowMs >= this.#secondDueMs) {
        this.#secondDueMs += 1_000;
        if (this.#faultsOn) await this.#everySecond();
        await this.#inference.step();
        await this.#audit.readAll();
      }
      for (const process of this.#processes) await process.step();
    }
  }

  async #everySecond(): Promise<void> {
    const { freeze, cutOff, leave, loseState, stall, hostile } = this.#options;
    this.#stalls.perhaps(stall);
    for (const process of this.#processes) {
      if (this.#prng.chance(freeze)) process.freeze();
      if (this.#prng.chance(cutOff)) process.cutOff();
      if (this.#prng.chance(leave)) process.leave();
    }
    if (this.#prng.chance(loseState)) {
      this.#stateLosses++;
      this.#state.loseEverything();
      this.#membership.loseEverything();
      this.#oracle.forget();
    }
    if (this.#prng.chance(hostile)) {
      const item = hostileItem(this.#prng, this.#clock.nowMs());
      const { appends, fault } = this.#session.accept(item);
      assert(fault !== undefined && appends.length === 0, "I12: a hostile item was admitted");
      await this.#append([hostileRecord(this.#prng, this.#source.race.race, this.#prng.pick(this.#partitions))]);
    }
    if (this.#wrongClock.chance(hostile)) {
      await this.#append(wrongTick(this.#wrongClock, this.#source.race.race, this.#clock.nowMs()));
    }
  }

  async #append(appends: readonly LogAppend[]): Promise<void> {
    const concerned = appends.filter(({ partition }) => this.#partitions.includes(partition));
    if (concerned.length > 0) await this.#raceLog.append(concerned);
  }

  async #allRecords(): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    const reader = await this.#raceLog.open({ after: 0 });
    for (;;) {
      const more = await reader.next(1_000, 0);
      if (more.length === 0) return records;
      records.push(...more);
    }
  }
}
