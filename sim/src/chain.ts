import { createHash } from "node:crypto";
import { parseRaceSubject, partitionOf } from "@burnline/contract";
import { createInference, type Inference } from "@burnline/inference";
import { IngestSession, type Source } from "@burnline/ingest";
import { factLogSink, RaceTopology } from "@burnline/processor";
import { MemoryEventLog, MemoryLiveChannel, MemorySnapshotStore, MemoryStateStore } from "@burnline/runtime";
import { assert, Prng, StepClock } from "@burnline/std";
import type { LogAppend, LogRecord, OutboxRecord, RunnerPorts } from "@burnline/stream";
import { FactAudit } from "./fact-audit.ts";
import { CrashError, faultyPorts, PortWitness } from "./faulty-ports.ts";
import { hostileItem, hostileRecord } from "./hostile.ts";
import type { SimOptions } from "./options.ts";
import { oracleTotals } from "./oracle.ts";
import { ProcessorProcess } from "./processor-process.ts";
import { SimPeers } from "./sim-peers.ts";
import { simSource } from "./sim-race.ts";
import { LosableMembership, LosableStateStore } from "./sim-stores.ts";
import { simulatedModel } from "./simulated-model.ts";

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
  readonly stateLosses: number;
  readonly fencedCommits: number;
  readonly resent: number;
  readonly modelCorrections: number;
  /** SHA-256 of the final state of all partitions, first 16 digits. */
  readonly stateHash: string;
}

/**
 * Runs one seeded race through the whole chain under faults, and checks I1 to I12.
 * @throws InvariantError naming the invariant that broke.
 */
export async function simulate(options: SimOptions): Promise<SimResult> {
  const world = new World(options);
  await world.race();
  await world.settle();
  return world.verdict();
}

class World {
  readonly #options: SimOptions;
  readonly #prng: Prng;
  readonly #source: Source;
  readonly #session: IngestSession;
  readonly #clock: StepClock;
  readonly #raceLog: MemoryEventLog;
  readonly #factLog: MemoryEventLog;
  readonly #state: LosableStateStore;
  readonly #membership: LosableMembership;
  readonly #witness = new PortWitness();
  readonly #processes: ProcessorProcess[];
  readonly #inference: Inference;
  readonly #audit: FactAudit;
  readonly #partitions: number[];
  #faultsOn = true;
  #stateLosses = 0;
  #secondDueMs: number;

  constructor(options: SimOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.#source = simSource(options);
    this.#session = new IngestSession(this.#source);
    const clock = new StepClock(this.#source.startMs);
    this.#clock = clock;
    this.#secondDueMs = this.#source.startMs;
    this.#raceLog = new MemoryEventLog(clock);
    this.#factLog = new MemoryEventLog(clock);
    let uuid = 0;
    this.#state = new LosableStateStore(() => new MemoryStateStore(clock, () => `sim-${uuid++}`));
    this.#membership = new LosableMembership(this.#state, clock);
    const ports: RunnerPorts = {
      log: this.#raceLog,
      state: this.#state,
      snapshots: new MemorySnapshotStore(),
      sink: factLogSink(this.#factLog),
      live: new MemoryLiveChannel(),
      clock,
    };
    const crashes = this.#prng.fork(1);
    const point = (where: string) => {
      if (this.#faultsOn && crashes.chance(options.crash)) throw new CrashError(where);
    };
    // Partition 0 speaks for the race; the others matter only where a car lives.
    const cars = this.#source.race.entries.map(({ car }) => partitionOf(car));
    this.#partitions = [...new Set([0, ...cars])].sort((a, b) => a - b);
    const peers = new SimPeers(this.#prng.fork(5));
    this.#processes = ["a", "b", "c"].map(
      (name, index) =>
        new ProcessorProcess(name, {
          ...{ race: this.#source.race.race, clock, peers, partitions: this.#partitions },
          ...{ ports: faultyPorts(ports, point, this.#witness), membership: this.#membership },
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
    const stateHash = await this.#checkAgainstUninterrupted(records);
    const { duplicates, lateSamples } = this.#checkAgainstOracle(records);
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
      stateLosses: this.#stateLosses,
      fencedCommits: this.#witness.fencedCommits,
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
    const { freeze, cutOff, leave, loseState, hostile } = this.#options;
    for (const process of this.#processes) {
      if (this.#prng.chance(freeze)) process.freeze();
      if (this.#prng.chance(cutOff)) process.cutOff();
      if (this.#prng.chance(leave)) process.leave();
    }
    if (this.#prng.chance(loseState)) {
      this.#stateLosses++;
      this.#state.loseEverything();
      this.#membership.loseEverything();
      for (const partition of this.#partitions) this.#witness.restarted(partition, 0);
    }
    if (this.#prng.chance(hostile)) {
      const item = hostileItem(this.#prng, this.#clock.nowMs());
      const { appends, fault } = this.#session.accept(item);
      assert(fault !== undefined && appends.length === 0, "I12: a hostile item was admitted");
      await this.#append([hostileRecord(this.#prng, this.#source.race.race, this.#prng.pick(this.#partitions))]);
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

  /** I5, I6, I7: one operator per partition over the whole log, without a cut, has to end in the same bytes. */
  async #checkAgainstUninterrupted(records: readonly LogRecord[]): Promise<string> {
    const hash = createHash("sha256");
    const outputs = new Map<string, string>();
    const output = {
      emit: ({ id, payload }: OutboxRecord) => outputs.set(id, Buffer.from(payload).toString("base64")),
      live: () => undefined,
    };
    for (const partition of this.#partitions) {
      const operator = new RaceTopology(this.#source.race.race, partition);
      const own = records.filter((record) => record.partition === partition);
      for (const record of own) operator.process(record, output);
      const fault = operator.invariantFault();
      assert(fault === undefined, `I3/I4: uninterrupted, partition ${partition}: ${fault}`);
      const expected = operator.takeChanges();
      const lease = await this.#state.acquire(partition, "inspector", 1_000);
      assert(lease !== undefined, `partition ${partition} was not given back`);
      const stored = await this.#state.load(lease);
      assert(
        stored !== undefined && stored.position === (own.at(-1)?.position ?? 0),
        `I7: partition ${partition} is not at its end`,
      );
      for (const [key, bytes] of expected) {
        const same = bytes !== null && Buffer.from(bytes).equals(stored.entries.get(key) ?? Buffer.alloc(0));
        assert(same, `I5: ${key} of partition ${partition} differs from the uninterrupted run`);
        hash.update(key).update(bytes ?? "");
      }
      assert(stored.entries.size === expected.size, `I5: partition ${partition} holds other keys`);
    }
    assert(
      outputs.size === this.#witness.outputs.size,
      `${this.#witness.outputs.size} outputs instead of ${outputs.size}`,
    );
    for (const [id, bytes] of outputs)
      assert(this.#witness.outputs.get(id) === bytes, `I6: ${id} differs from the uninterrupted run`);
    return hash.digest("hex").slice(0, 16);
  }

  /** I2, I3, I12: sums of windows and of ledgers against a plain loop over the log. */
  #checkAgainstOracle(records: readonly LogRecord[]): { duplicates: number; lateSamples: number } {
    const sums = this.#audit.windowSums();
    let duplicates = 0;
    let lateSamples = 0;
    for (const [car, expected] of oracleTotals(this.#source.race.race, records)) {
      const counted = sums.get(car) ?? { windows: 0, samples: 0, burnUg: 0 };
      assert(
        counted.samples + expected.lateSamples === expected.samples,
        `I2: car ${car} has ${counted.samples} samples in windows, ${expected.lateSamples} late, of ${expected.samples}`,
      );
      assert(
        counted.burnUg === expected.burnUg,
        `I2: the windows of car ${car} hold ${counted.burnUg} µg instead of ${expected.burnUg}`,
      );
      const strategyUg = this.#audit.view.car(car)?.view.strategy?.racePhysicsUg;
      assert(
        strategyUg === undefined || strategyUg <= expected.burnUg,
        `I3: the ledger of car ${car} holds more than was burned`,
      );
      duplicates += expected.duplicateFrames;
      lateSamples += expected.lateSamples;
    }
    return { duplicates, lateSamples };
  }
}
