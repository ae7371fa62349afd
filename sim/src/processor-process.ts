import { OPEN_WINDOWS_MAX, RaceTopology, WAITING_FRAMES_MAX } from "@burnline/processor";
import { assert, type Prng, type StepClock } from "@burnline/std";
import { PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts } from "@burnline/stream";
import { CrashError } from "./faulty-ports.ts";

/** A dead process is back after so long, simulated. */
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 1_500;
/** Longer than a lease, so that others take over meanwhile. */
const FREEZE_MS_MIN = 2_500;
const FREEZE_MS_MAX = 6_000;
/** A snapshot every few simulated seconds, so that losses of the store find some. */
const SNAPSHOT_INTERVAL_MS = 4_000;

interface Owned {
  readonly runner: PartitionRunner;
  readonly topology: RaceTopology;
  readonly watermarks: Map<string, number>;
}

/** One simulated processor process: it owns what leases it gets, dies, freezes and comes back. */
export class ProcessorProcess {
  readonly name: string;
  readonly #ports: RunnerPorts;
  readonly #clock: StepClock;
  readonly #prng: Prng;
  readonly #race: string;
  readonly #owned = new Map<number, Owned>();
  #life = 0;
  #downUntilMs = 0;
  crashes = 0;
  freezes = 0;

  constructor(name: string, race: string, ports: RunnerPorts, clock: StepClock, prng: Prng) {
    this.name = name;
    this.#race = race;
    this.#ports = ports;
    this.#clock = clock;
    this.#prng = prng;
  }

  /** Stands still with everything in its memory; wakes up as a zombie. */
  freeze(): void {
    this.freezes++;
    this.#downUntilMs = this.#clock.nowMs() + this.#prng.integer(FREEZE_MS_MIN, FREEZE_MS_MAX);
  }

  /** One turn of every partition; a crash in any of them ends this life. */
  async step(partitions: readonly number[]): Promise<void> {
    if (this.#clock.nowMs() < this.#downUntilMs) return;
    for (const partition of partitions) {
      try {
        await this.#stepPartition(partition);
      } catch (error) {
        if (!(error instanceof CrashError)) throw error;
        await this.#die();
        return;
      }
    }
  }

  /** Gives everything back in good order. */
  async stop(): Promise<void> {
    for (const { runner } of this.#owned.values()) await runner.release();
    this.#owned.clear();
  }

  async #stepPartition(partition: number): Promise<void> {
    const owned = this.#owned.get(partition) ?? (await this.#acquire(partition));
    if (owned === undefined) return;
    const outcome = await owned.runner.step(0);
    if (outcome === "lost") {
      this.#owned.delete(partition);
      return;
    }
    checkOperator(partition, owned);
  }

  async #acquire(partition: number): Promise<Owned | undefined> {
    const topology = new RaceTopology(this.#race, partition);
    // A name per life: a dead process's lease has to run out, as in real life.
    const options = {
      ...RUNNER_DEFAULTS,
      partition,
      ownerId: `${this.name}-${this.#life}`,
      recordsPerCommitMax: 16,
      snapshotIntervalMs: SNAPSHOT_INTERVAL_MS,
    };
    const runner = await PartitionRunner.acquire(this.#ports, options, topology);
    if (runner === undefined) return undefined;
    const owned: Owned = { runner, topology, watermarks: new Map() };
    this.#owned.set(partition, owned);
    return owned;
  }

  async #die(): Promise<void> {
    this.crashes++;
    this.#life++;
    for (const { runner } of this.#owned.values()) await runner.abandon();
    this.#owned.clear();
    this.#downUntilMs = this.#clock.nowMs() + this.#prng.integer(RESTART_MS_MIN, RESTART_MS_MAX);
  }
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
