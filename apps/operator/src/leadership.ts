import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import { ConflictError, type KubeApi } from "./kube-api.ts";
import { LeaseElection, RETRY_MS } from "./lease-election.ts";

export interface LeadershipOptions {
  readonly kube: Pick<KubeApi, "readLease" | "writeLease">;
  /** Name of the Lease. */
  readonly lease: string;
  readonly identity: string;
  readonly clock: Clock;
  readonly steadyClock: Clock;
  readonly logger: Logger;
  readonly onChange: (isLeader: boolean) => void;
  readonly retryMs?: number;
}

/** Keeps trying to lead, and renews while it does. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #election: LeaseElection;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #wasLeader = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#election = new LeaseElection(options.identity);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Gives the lease back, so that a successor need not wait. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    const left = this.#election.release();
    this.#say();
    const { kube, lease, logger } = this.#options;
    if (left === undefined) return;
    await kube.writeLease(lease, left.record, left.version).catch((error) => {
      logger.warn({ err: error }, "the lease was not given back, a successor waits for its end");
    });
  }

  get isLeader(): boolean {
    return this.#election.isLeader(this.#options.steadyClock.nowMs());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#try();
      this.#say();
      await sleep(this.#options.retryMs ?? RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #try(): Promise<void> {
    const { kube, lease, clock, steadyClock, logger } = this.#options;
    try {
      this.#election.observe(await kube.readLease(lease), steadyClock.nowMs());
      const askedMs = steadyClock.nowMs();
      const move = this.#election.next(askedMs, clock.nowMs());
      if (move.type === "write")
        this.#election.written(await kube.writeLease(lease, move.record, move.version), askedMs);
    } catch (error) {
      // Another one was faster: what it wrote is seen at the next try.
      if (!(error instanceof ConflictError)) logger.warn({ err: error }, "the lease could not be read or renewed");
    }
  }

  #say(): void {
    const { isLeader } = this;
    if (isLeader === this.#wasLeader) return;
    this.#wasLeader = isLeader;
    this.#options.logger.info({ isLeader }, isLeader ? "this operator leads now" : "this operator leads no longer");
    this.#options.onChange(isLeader);
  }
}
