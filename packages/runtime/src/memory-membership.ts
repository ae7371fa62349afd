import type { Clock } from "@burnline/std";
import type { LeaseView, Member, Membership } from "@burnline/stream";
import type { MemoryStateStore } from "./memory-state-store.ts";

/** Membership in this process, for tests and the simulation. All members of a race use one object. */
export class MemoryMembership implements Membership {
  readonly #store: Pick<MemoryStateStore, "leases">;
  readonly #clock: Clock;
  readonly #members = new Map<string, { member: Member; expiresAtMs: number }>();

  constructor(store: Pick<MemoryStateStore, "leases">, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async heartbeat(member: Member, ttlMs: number): Promise<void> {
    this.#members.set(member.memberId, { member, expiresAtMs: this.#clock.nowMs() + ttlMs });
  }

  async members(): Promise<readonly Member[]> {
    const nowMs = this.#clock.nowMs();
    for (const [memberId, { expiresAtMs }] of this.#members) if (expiresAtMs <= nowMs) this.#members.delete(memberId);
    const ids = [...this.#members.keys()].sort();
    return ids.flatMap((memberId) => this.#members.get(memberId)?.member ?? []);
  }

  async leave(memberId: string): Promise<void> {
    this.#members.delete(memberId);
  }

  async leases(): Promise<readonly LeaseView[]> {
    return this.#store.leases();
  }
}
