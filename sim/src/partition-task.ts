import { OPEN_WINDOWS_MAX, RaceTopology, WAITING_FRAMES_MAX } from "@burnline/processor";
import { assert } from "@burnline/std";
import { PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts } from "@burnline/stream";
import type { Waits } from "./stalls.ts";

/** A snapshot every few simulated seconds, so that losses of the store find some. */
const SNAPSHOT_INTERVAL_MS = 4_000;

export interface TaskOptions {
  readonly race: string;
  readonly partition: number;
  readonly ownerId: string;
  readonly takeOverEpoch: number | undefined;
  readonly ports: RunnerPorts;
  readonly waits: Waits;
  /** Told of every renewal that failed, also of those that the runner is right to try again. */
  readonly onFault: (error: unknown) => void;
}

export type TaskOutcome = "acquired" | "refused" | "stepped" | "lost" | "released";

/** One partition in a simulated process: it is taken, run turn by turn and given back, and may have to wait in any of it. */
export class PartitionTask {
  readonly #options: TaskOptions;
  readonly #topology: RaceTopology;
  readonly #watermarks = new Map<string, number>();
  #runner: PartitionRunner | undefined;
  #isUnwanted = false;
  #underWay: Promise<TaskOutcome> | undefined;

  constructor(options: TaskOptions) {
    this.#options = options;
    this.#topology = new RaceTopology(options.race, options.partition);
  }

  get carCount(): number {
    return this.#runner === undefined ? 0 : [...this.#topology.cars()].length;
  }

  /** It is taken from an owner that is believed dead. */
  get isTakeover(): boolean {
    return this.#options.takeOverEpoch !== undefined;
  }

  /** It is given back as soon as what is under way has ended. */
  unwanted(): void {
    this.#isUnwanted = true;
  }

  /** What is under way, or else what comes next. */
  turn(): Promise<TaskOutcome> {
    this.#options.waits.wake();
    this.#underWay ??= this.#next().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async abandon(): Promise<void> {
    await this.#runner?.abandon();
  }

  async release(): Promise<void> {
    await this.#runner?.release();
  }

  /** I1, I3, I4 and I8, as far as an operator shows them. */
  check(): void {
    const { partition } = this.#options;
    const fault = this.#topology.invariantFault();
    assert(fault === undefined, `I3/I4: partition ${partition}: ${fault}`);
    for (const [car, { mark, waiting, windows }] of this.#topology.cars()) {
      assert(mark.watermarkMs >= (this.#watermarks.get(car) ?? -1), `I1: the watermark of car ${car} went back`);
      this.#watermarks.set(car, mark.watermarkMs);
      assert(waiting.length <= WAITING_FRAMES_MAX, `I8: car ${car} has ${waiting.length} frames waiting`);
      assert(windows.length <= OPEN_WINDOWS_MAX, `I8: car ${car} has ${windows.length} windows open`);
    }
  }

  async #next(): Promise<TaskOutcome> {
    if (this.#runner === undefined) {
      this.#runner = await this.#acquire();
      return this.#runner === undefined ? "refused" : "acquired";
    }
    if (this.#isUnwanted) {
      await this.#runner.release();
      return "released";
    }
    return (await this.#runner.step(0)) === "lost" ? "lost" : "stepped";
  }

  #acquire(): Promise<PartitionRunner | undefined> {
    const { partition, ownerId, takeOverEpoch, waits, ports, onFault } = this.#options;
    const options = {
      ...{ ...RUNNER_DEFAULTS, partition, ownerId },
      ...{ recordsPerCommitMax: 16, snapshotIntervalMs: SNAPSHOT_INTERVAL_MS },
      ...(takeOverEpoch === undefined ? {} : { takeOverEpoch }),
    };
    const renew: RunnerPorts["state"]["renew"] = (lease, ttlMs) =>
      ports.state.renew(lease, ttlMs).catch((error: unknown) => {
        onFault(error);
        throw error;
      });
    const own = waits.portsOf({ ...ports, state: { ...ports.state, renew } });
    return PartitionRunner.acquire(own, options, this.#topology);
  }
}
