import type { LeaseView, Member, PartitionLoad } from "./membership.ts";

/** A partition that was freed for a member is left to it for so long. */
export const RESERVED_MS = 1_000;
/**
 * A lease that is seen to have run out is left to an owner that lives for so long. When the store was away all leases have
 * run out when it is back, and their owners renew them in the same moment as others see it.
 */
export const EXPIRED_GRACE_MS = 1_000;

/** A lease as it was last seen. Its end is by our own clock, and for one that had run out when we first looked, then. */
export interface SeenLease {
  readonly ownerId: string;
  readonly epoch: number;
  readonly expiresAtMs: number;
  /** It had run out when it was seen, and not only by what we expected. */
  readonly hasEnded: boolean;
}

interface Reservation {
  readonly memberId: string;
  readonly sinceMs: number;
}

/** What can be known of who has a partition, without asking the store. */
export class PartitionSeen {
  lease: SeenLease | undefined;
  #reservation: Reservation | undefined;
  /** Since when it lies there although it is meant for another one. */
  untakenSinceMs: number | undefined;
  /** Active keys, as its last owner said. */
  weight = 0;

  /** Its owner gave it back, for this member. */
  reserve(memberId: string, nowMs: number): void {
    this.lease = undefined;
    this.#reservation = { memberId, sinceMs: nowMs };
  }

  reservation(nowMs: number): Reservation | undefined {
    if (this.#reservation !== undefined && nowMs >= this.#reservation.sinceMs + RESERVED_MS)
      this.#reservation = undefined;
    return this.#reservation;
  }

  forgetReservation(): void {
    this.#reservation = undefined;
  }

  /** The lease's owner, unless the lease ran out too long ago. */
  holder(nowMs: number): string | undefined {
    if (this.lease === undefined || nowMs >= this.lease.expiresAtMs + EXPIRED_GRACE_MS) return undefined;
    return this.lease.ownerId;
  }
}

/** Puts a newly read picture of leases and members in the place of the former one. */
export function seeLeases(
  seen: readonly PartitionSeen[],
  nowMs: number,
  members: readonly Member[],
  leases: readonly LeaseView[],
): void {
  const former = seen.map(({ lease }) => lease);
  for (const one of seen) one.lease = undefined;
  for (const { partition, ownerId, epoch, expiresInMs } of leases) {
    const one = seen[partition];
    if (one === undefined) continue;
    const before = former[partition];
    const hasEnded = expiresInMs <= 0;
    const isSeenAgain = hasEnded && before?.hasEnded === true && before.epoch === epoch;
    const expiresAtMs = isSeenAgain ? before.expiresAtMs : nowMs + Math.max(0, expiresInMs);
    one.lease = { ownerId, epoch, expiresAtMs, hasEnded };
  }
  for (const { memberId, partitions } of members) seeLoads(seen, memberId, partitions);
}

function seeLoads(seen: readonly PartitionSeen[], memberId: string, loads: readonly PartitionLoad[]): void {
  for (const { partition, weight } of loads) {
    const one = seen[partition];
    if (one?.lease?.ownerId === memberId) one.weight = weight;
  }
}
