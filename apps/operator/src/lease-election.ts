/*
 * Who of several operators works, by the rules of client-go's leader election (a Lease in Kubernetes, held by renewing):
 *
 *             nobody holds it, or its record has
 *             not changed for LEASE_MS                   no renewal got through for RENEW_MS
 *   follower ─────────────────────────▶ leader ─────────────────────────▶ follower
 *                                        └─▶ every RETRY_MS: renew
 *
 * How old a record is comes from our own steady clock, since when we have seen it unchanged: the clocks of two machines are
 * never compared. RENEW_MS < LEASE_MS, so a leader that is cut off stops before another one begins; two that overlap all the
 * same (a process that stood still) do no harm, since every write carries the version that it was made from.
 */
export const LEASE_MS = 15_000;
export const RENEW_MS = 10_000;
export const RETRY_MS = 2_000;

/** The spec of a Lease as far as it matters, and its version. */
export interface LeaseRecord {
  readonly holder: string;
  readonly leaseMs: number;
  readonly acquiredMs: number;
  readonly renewedMs: number;
  readonly transitions: number;
}

export interface SeenLease {
  readonly record: LeaseRecord;
  readonly version: string;
}

/** write: with this version, or as a new one without. It counts once the API server has taken it. */
export type LeaseMove =
  | { readonly type: "wait" }
  | { readonly type: "write"; readonly record: LeaseRecord; readonly version: string | undefined };

export class LeaseElection {
  readonly #identity: string;
  #seen: { readonly lease: SeenLease | undefined; readonly sinceMs: number } | undefined;
  #renewedMs: number | undefined;

  constructor(identity: string) {
    this.#identity = identity;
  }

  /** What the API server holds now. @param steadyMs a clock that does not jump */
  observe(lease: SeenLease | undefined, steadyMs: number): void {
    const isNew = this.#seen === undefined || this.#seen.lease?.version !== lease?.version;
    if (isNew) this.#seen = { lease, sinceMs: steadyMs };
    if (lease !== undefined && lease.record.holder !== this.#identity) this.#renewedMs = undefined;
  }

  /** @param wallMs what others read as time */
  next(steadyMs: number, wallMs: number): LeaseMove {
    if (this.#seen === undefined) return { type: "wait" };
    const { lease, sinceMs } = this.#seen;
    const held = lease?.record;
    const isOurs = held?.holder === this.#identity;
    const isTaken = held !== undefined && held.holder !== "" && steadyMs < sinceMs + held.leaseMs;
    if (isTaken && !isOurs) return { type: "wait" };
    const record: LeaseRecord = {
      ...{ holder: this.#identity, leaseMs: LEASE_MS, renewedMs: wallMs },
      acquiredMs: isOurs && held !== undefined ? held.acquiredMs : wallMs,
      transitions: held === undefined ? 0 : held.transitions + (isOurs ? 0 : 1),
    };
    return { type: "write", record, version: lease?.version };
  }

  /** A write of ours was taken. @param askedMs when it was sent: the API server may have taken it as early as then */
  written(lease: SeenLease, askedMs: number): void {
    this.#seen = { lease, sinceMs: askedMs };
    this.#renewedMs = askedMs;
  }

  isLeader(steadyMs: number): boolean {
    return this.#renewedMs !== undefined && steadyMs < this.#renewedMs + RENEW_MS;
  }

  /** What to write so that the next one need not wait; undefined when it is not ours. */
  release(): { readonly record: LeaseRecord; readonly version: string } | undefined {
    const lease = this.#seen?.lease;
    this.#renewedMs = undefined;
    if (lease === undefined || lease.record.holder !== this.#identity) return undefined;
    return { record: { ...lease.record, holder: "", leaseMs: 1_000 }, version: lease.version };
  }
}
