import { assert } from "@burnline/std";
import type { LeaseView, Member } from "../membership.ts";
import type { Ownership } from "../ownership.ts";
import { HEARTBEAT_TTL_MS } from "../ownership-peers.ts";

const LEASE_TTL_MS = 2_000;

interface StoredLease {
  ownerId: string;
  epoch: number;
  isHeld: boolean;
  expiresAtMs: number;
}

/** Leases and members of the model, as the store has them. */
export class OwnershipWorldStore {
  readonly #leases: readonly StoredLease[];
  readonly #members = new Map<string, { member: Member; expiresAtMs: number }>();

  constructor(partitionCount: number) {
    const lease = () => ({ ownerId: "", epoch: 0, isHeld: false, expiresAtMs: 0 });
    this.#leases = Array.from({ length: partitionCount }, lease);
  }

  loseEverything(): void {
    this.#members.clear();
    for (const lease of this.#leases) lease.isHeld = false;
  }

  beat(nowMs: number, member: Member): void {
    this.#members.set(member.memberId, { member, expiresAtMs: nowMs + HEARTBEAT_TTL_MS });
  }

  leave(memberId: string): void {
    this.#members.delete(memberId);
  }

  show(nowMs: number, core: Ownership): void {
    for (const [id, { expiresAtMs }] of this.#members) if (expiresAtMs <= nowMs) this.#members.delete(id);
    const members = [...this.#members.values()].map(({ member }) => member);
    const leases = this.#leases.flatMap(({ ownerId, epoch, isHeld, expiresAtMs }, partition): LeaseView[] =>
      isHeld ? [{ partition, ownerId, epoch, expiresInMs: expiresAtMs - nowMs }] : [],
    );
    core.onView(nowMs, members, leases);
  }

  /** @returns the new epoch, or undefined when another one holds it. */
  acquire(nowMs: number, partition: number, ownerId: string, takeOverEpoch: number | undefined): number | undefined {
    const lease = this.#leaseOf(partition);
    const isHeld = lease.isHeld && lease.ownerId !== ownerId && lease.expiresAtMs > nowMs;
    if (isHeld && lease.epoch !== takeOverEpoch) return undefined;
    Object.assign(lease, { isHeld: true, ownerId, epoch: lease.epoch + 1, expiresAtMs: nowMs + LEASE_TTL_MS });
    return lease.epoch;
  }

  isHeldBy(partition: number, ownerId: string, epoch: number | undefined): boolean {
    const lease = this.#leaseOf(partition);
    return lease.isHeld && lease.ownerId === ownerId && lease.epoch === epoch;
  }

  renew(nowMs: number, partition: number): void {
    this.#leaseOf(partition).expiresAtMs = nowMs + LEASE_TTL_MS;
  }

  release(partition: number): void {
    this.#leaseOf(partition).isHeld = false;
  }

  #leaseOf(partition: number): StoredLease {
    const lease = this.#leases[partition];
    assert(lease !== undefined, `there is no partition ${partition}`);
    return lease;
  }
}
