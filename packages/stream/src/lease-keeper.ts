import type { Clock } from "@burnline/std";
import type { Lease, StateStore } from "./ports.ts";

export interface LeaseKeeperOptions {
  readonly state: Pick<StateStore, "renew">;
  /** Measures intervals. */
  readonly steadyClock: Clock;
  /** Without it nothing is renewed while something is waited for. */
  readonly sleep: ((ms: number) => Promise<void>) | undefined;
  readonly leaseTtlMs: number;
  readonly leaseRenewMs: number;
}

/** What is waited for is looked at no more often than this, so that a store that refuses is not asked all the time. */
const RETRY_MS = 200;

/**
 * Renews one lease from the moment it is granted: between the steps of its runner, and while one of them waits for
 * somebody else. It holds on to a partition and gives no right to it: what a lease is worth the store judges alone.
 */
export class LeaseKeeper {
  readonly #lease: Lease;
  readonly #options: LeaseKeeperOptions;
  #dueMs: number;
  #isLost = false;
  /** At most one, however often something is waited for. */
  #alarm: Promise<"due"> | undefined;

  constructor(lease: Lease, options: LeaseKeeperOptions) {
    this.#lease = lease;
    this.#options = options;
    this.#dueMs = this.#nowMs() + options.leaseRenewMs;
  }

  /** Renews if that is due. False, and for good, when the lease is no longer ours. */
  async keep(): Promise<boolean> {
    const nowMs = this.#nowMs();
    if (this.#isLost || nowMs < this.#dueMs) return !this.#isLost;
    const { state, leaseRenewMs, leaseTtlMs } = this.#options;
    this.#isLost = !(await state.renew(this.#lease, leaseTtlMs));
    this.#dueMs = nowMs + leaseRenewMs;
    return !this.#isLost;
  }

  /** Waits for the work and keeps the lease meanwhile. Whether it is still ours says the next `keep`. */
  async during<T>(work: Promise<T>): Promise<T> {
    const { sleep } = this.#options;
    if (sleep === undefined) return work;
    const ended = () => "ended" as const;
    const end = work.then(ended, ended);
    while (!this.#isLost && (await Promise.race([end, this.#nextAlarm(sleep)])) === "due") {
      // A renewal that fails stays due. If the store is still away when the work has ended, the next `keep` says so.
      await this.keep().catch(() => {});
    }
    return work;
  }

  #nextAlarm(sleep: (ms: number) => Promise<void>): Promise<"due"> {
    this.#alarm ??= sleep(Math.max(RETRY_MS, this.#dueMs - this.#nowMs())).then(() => {
      this.#alarm = undefined;
      return "due";
    });
    return this.#alarm;
  }

  #nowMs(): number {
    return this.#options.steadyClock.nowMs();
  }
}
