import type { Clock, Prng } from "@burnline/std";
import type { RunnerPorts } from "@burnline/stream";

/** Up to twice a lease and all that its owner's peers wait beyond it. */
const STALL_MS_MIN = 500;
const STALL_MS_MAX = 6_000;

/** A time in which the fact log takes nothing and no snapshot can be listed, for all processes. */
export class Stalls {
  readonly #clock: Clock;
  readonly #prng: Prng;
  #untilMs = 0;
  count = 0;

  constructor(clock: Clock, prng: Prng) {
    this.#clock = clock;
    this.#prng = prng;
  }

  /** One may begin now. */
  perhaps(probability: number): void {
    if (!this.#prng.chance(probability)) return;
    this.count++;
    this.#untilMs = this.#clock.nowMs() + this.#prng.integer(STALL_MS_MIN, STALL_MS_MAX);
  }

  get isNow(): boolean {
    return this.#clock.nowMs() < this.#untilMs;
  }
}

/** What one run of a partition waits for. Nothing of it goes on unless its process wakes it: who is dead does nothing more. */
export class Waits {
  readonly #clock: Clock;
  readonly #stalls: Stalls;
  #sleepers: { readonly dueMs: number; readonly wake: () => void }[] = [];
  #stalled: (() => void)[] = [];

  constructor(clock: Clock, stalls: Stalls) {
    this.#clock = clock;
    this.#stalls = stalls;
  }

  /** The same ports as they are while they stall, with a sleep in simulated time. */
  portsOf(ports: RunnerPorts): RunnerPorts {
    const { sink, snapshots } = ports;
    const late = async <T>(call: () => Promise<T>): Promise<T> => {
      if (this.#stalls.isNow) await new Promise<void>((wake) => this.#stalled.push(wake));
      return call();
    };
    return {
      ...ports,
      sink: { send: (records) => late(() => sink.send(records)) },
      snapshots: {
        put: (snapshot) => snapshots.put(snapshot),
        list: (partition) => late(() => snapshots.list(partition)),
      },
      sleep: (ms) => new Promise((wake) => this.#sleepers.push({ dueMs: this.#clock.nowMs() + ms, wake })),
    };
  }

  /** Lets go on whatever may. */
  wake(): void {
    const nowMs = this.#clock.nowMs();
    const awake = this.#sleepers.filter(({ dueMs }) => dueMs <= nowMs);
    this.#sleepers = this.#sleepers.filter(({ dueMs }) => dueMs > nowMs);
    for (const { wake } of awake) wake();
    if (this.#stalls.isNow) return;
    for (const wake of this.#stalled.splice(0)) wake();
  }
}
