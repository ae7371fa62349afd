import { assert } from "@burnline/std";
import type { LeaseView, Member, PartitionLoad, PeerAnswer, PeerMessage } from "./membership.ts";
import type { AcquireCommand, OwnershipCommand } from "./ownership-command.ts";
import { Hearing } from "./ownership-hearing.ts";
import { Hold, type HoldOutcome, type HoldState } from "./ownership-hold.ts";
import { PartitionSeen, seeLeases } from "./ownership-leases.ts";
import { isLiving, Peers } from "./ownership-peers.ts";
import { partitionLoad, planOwners } from "./ownership-plan.ts";

/** How old the view may be that decisions are made from. */
const VIEW_AGE_MS_MAX = 500;
/** Partitions are evened out only when the same members have been there for so long. */
export const REBALANCE_AFTER_MS = 300;
/** Partitions taken, given back to even out, given back to leave, at the same time: each one's gap stays short. */
const ACQUIRING_MAX = 8;
const RELEASING_MAX = 4;
const DRAINING_MAX = 8;
/** Nobody who leaves waits longer for one of them, whose facts are perhaps not taken, before the next is given back. */
export const GIVE_BACK_MS = 200;
/** A member that leaves lying what is its own for so long gets nothing more for a while. */
export const UNTAKEN_MS = 3_000;
const UNWILLING_MS = 10_000;

export interface OwnershipOptions {
  readonly memberId: string;
  readonly partitionCount: number;
}

type Plan = readonly (string | undefined)[];

/**
 * Decides which partitions this process should run. Pure: what it knows comes in with the time, by the process's own
 * clock, which must not go back; what is to be done comes out of `decide`.
 *
 *   members, leases ─▶ onView ────┐                          ┌─▶ acquire, release ─▶ onOutcome
 *   peers' messages ─▶ onMessage ─┼─▶ who lives → who should ┼─▶ ask ──────────────▶ onAnswer
 *   peers' answers ──▶ onAnswer ──┤   own what (the plan)    └─▶ announce, look, beat
 *   the log's signs ─▶ onPulse ───┘
 *
 * Safety does not depend on it: whatever it believes, the store lets only the newest token commit. What it gives is that
 * each partition is soon with somebody who lives, that the load is even, and that nothing moves without a reason.
 */
export class Ownership {
  readonly #memberId: string;
  readonly #holds: readonly Hold[];
  readonly #seen: readonly PartitionSeen[];
  readonly #peers: Peers;
  readonly #hearing = new Hearing();
  readonly #announcements: PeerMessage[] = [];
  #beat = 0;
  /** Number of the newest view, and when it was read. */
  #view = 0;
  #viewMs = Number.NEGATIVE_INFINITY;
  #isDraining = false;
  #mustLook = false;

  constructor({ memberId, partitionCount }: OwnershipOptions) {
    this.#memberId = memberId;
    this.#peers = new Peers(memberId);
    this.#holds = Array.from({ length: partitionCount }, (_, partition) => new Hold(partition));
    this.#seen = Array.from({ length: partitionCount }, () => new PartitionSeen());
  }

  /** What to say of oneself next. @param weightOf active keys of a partition that is owned */
  heartbeat(nowMs: number, weightOf: (partition: number) => number): Member {
    const partitions: PartitionLoad[] = this.owned().map((partition) => {
      const weight = weightOf(partition);
      this.#seenOf(partition).weight = weight;
      return { partition, weight };
    });
    this.#beat += 1;
    const weight = partitions.reduce((sum, load) => sum + load.weight, 0);
    return {
      ...{ memberId: this.#memberId, beat: this.#beat, weight, isDraining: this.#isDraining, partitions },
      ...{ logSilentMs: this.#hearing.silentMs(nowMs), isCutOff: this.#hearing.isCutOff },
    };
  }

  /** The log, or the way to it, has given so many signs of life so far. */
  onPulse(nowMs: number, signs: number): void {
    this.#hearing.on(nowMs, signs);
  }

  /** Members and leases were read anew. */
  onView(nowMs: number, members: readonly Member[], leases: readonly LeaseView[]): void {
    const lastMs = this.#viewMs;
    const heldUpMs = Number.isFinite(lastMs) && nowMs - lastMs > VIEW_AGE_MS_MAX ? nowMs - lastMs : 0;
    const owners = leases.map(({ ownerId }) => ownerId);
    this.#peers.onMembers({ nowMs, lastMs, heldUpMs }, members, owners);
    seeLeases(this.#seen, nowMs, members, leases);
    this.#view += 1;
    this.#viewMs = nowMs;
  }

  onMessage(nowMs: number, message: PeerMessage): void {
    const peer = this.#peers.get(message.memberId);
    if (message.type === "freed") {
      const seen = this.#seen[message.partition];
      const isOutOfDate = seen?.lease !== undefined && seen.lease.ownerId !== message.memberId;
      if (!isOutOfDate) seen?.reserve(message.toMemberId, nowMs);
    } else if (peer !== undefined) {
      if (message.type === "leaving") peer.isDraining = true;
      else peer.askSoon = true;
    }
  }

  onAnswer(nowMs: number, memberId: string, answer: PeerAnswer): void {
    const becomes = this.#peers.onAnswer(nowMs, memberId, answer, this.#view);
    if (becomes !== "suspected") return;
    this.#mustLook = true;
    this.#announcements.push({ type: "suspected", memberId });
  }

  /** What came of a command. Each acquire and each release has exactly one end, and what is owned may also be lost. */
  onOutcome(nowMs: number, partition: number, outcome: HoldOutcome): void {
    const hold = this.#holdOf(partition);
    const toMemberId = hold.releasingTo;
    hold.on(outcome, nowMs, this.#view);
    if (outcome !== "released") return;
    const seen = this.#seenOf(partition);
    seen.lease = undefined;
    if (toMemberId === undefined) return;
    seen.reserve(toMemberId, nowMs);
    this.#announcements.push({ type: "freed", partition, memberId: this.#memberId, toMemberId });
  }

  /** Give everything back, take nothing more; for good. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#announcements.push({ type: "leaving", memberId: this.#memberId });
  }

  get isDrained(): boolean {
    return this.#isDraining && this.#holds.every(({ state }) => state === "elsewhere");
  }

  /** Others hear the log and we do not; what we have is theirs to take. */
  get isCutOff(): boolean {
    return this.#hearing.isCutOff;
  }

  /** Partitions that run here now, rising. */
  owned(): readonly number[] {
    return this.#holds.flatMap(({ state }, partition) =>
      state === "owned" || state === "releasing" ? [partition] : [],
    );
  }

  /** Partitions that nobody alive has, as far as can be seen from here. */
  unowned(nowMs: number): number {
    return this.#seen.filter((_, partition) => this.#ownerOf(nowMs, partition) === undefined).length;
  }

  /** Everything that should be done now; what was said once is not said again. */
  decide(nowMs: number): readonly OwnershipCommand[] {
    const commands: OwnershipCommand[] = [];
    if (nowMs - this.#viewMs <= VIEW_AGE_MS_MAX) {
      this.#peers.age(nowMs);
      if (this.#hearing.judge(nowMs, this.#peers.living())) commands.push({ type: "beat" });
      this.#peers.noteTakers(nowMs);
      const plan = this.#plan(nowMs);
      this.#giveBack(nowMs, plan, commands);
      this.#take(nowMs, plan, commands);
    } else if (this.#isDraining) this.#giveBack(nowMs, [], commands);
    for (const memberId of this.#peers.toAsk(nowMs, this.#view)) commands.push({ type: "ask", memberId });
    for (const message of this.#announcements.splice(0)) commands.push({ type: "announce", message });
    if (this.#mustLook) commands.push({ type: "look" });
    this.#mustLook = false;
    return commands;
  }

  #plan(nowMs: number): Plan {
    const plan = this.#planOnce(nowMs);
    return this.#noteUntaken(nowMs, plan) ? this.#planOnce(nowMs) : plan;
  }

  #planOnce(nowMs: number): Plan {
    const members = this.#peers
      .living()
      .filter(({ isDraining }) => !isDraining)
      .map(({ memberId, unwillingUntilMs }) => ({ memberId, takesMore: nowMs >= unwillingUntilMs }));
    if (!this.#isDraining && !this.#hearing.isCutOff) members.push({ memberId: this.#memberId, takesMore: true });
    members.sort((left, right) => (left.memberId < right.memberId ? -1 : 1));
    const partitions = this.#seen.map(({ weight }, partition) => {
      return { ownerId: this.#ownerOf(nowMs, partition), load: partitionLoad(weight) };
    });
    return planOwners(members, partitions);
  }

  /** True when somebody who leaves lying what is its own was found: it is not counted on for a while. */
  #noteUntaken(nowMs: number, plan: Plan): boolean {
    let found = false;
    this.#seen.forEach((seen, partition) => {
      const target = plan[partition];
      const isLying = this.#ownerOf(nowMs, partition) === undefined && target !== this.#memberId;
      seen.untakenSinceMs = isLying ? (seen.untakenSinceMs ?? nowMs) : undefined;
      if (seen.untakenSinceMs === undefined || nowMs - seen.untakenSinceMs < UNTAKEN_MS) return;
      const peer = target === undefined ? undefined : this.#peers.get(target);
      if (peer === undefined) return;
      peer.unwillingUntilMs = nowMs + UNWILLING_MS;
      found = true;
    });
    return found;
  }

  #giveBack(nowMs: number, plan: Plan, commands: OwnershipCommand[]): void {
    // What a member that is cut off has is taken from it: its own good-bye might wait for the log.
    const isKept = this.#hearing.isCutOff || nowMs - this.#peers.takersSinceMs < REBALANCE_AFTER_MS;
    if (isKept && !this.#isDraining) return;
    let room = this.#isDraining
      ? DRAINING_MAX - this.#count("releasing", nowMs - GIVE_BACK_MS)
      : RELEASING_MAX - this.#count("releasing");
    this.#holds.forEach((hold, partition) => {
      if (room <= 0 || hold.state !== "owned") return;
      const target = plan[partition];
      if (!this.#isDraining) {
        if (target === undefined || target === this.#memberId) return;
        // The others do not see yet that it is ours, so their plan is another one.
        if (hold.isNewerThan(this.#view)) return;
      }
      hold.on("unwanted", nowMs, this.#view);
      hold.releasingTo = target;
      commands.push({ type: "release", partition });
      room -= 1;
    });
  }

  #take(nowMs: number, plan: Plan, commands: OwnershipCommand[]): void {
    if (this.#isDraining || this.#hearing.isDeaf(nowMs)) return;
    const room = Math.max(0, ACQUIRING_MAX - this.#count("acquiring"));
    const wanted = this.#holds.flatMap((hold, partition) => {
      if (hold.state !== "elsewhere" || hold.isPausing(nowMs)) return [];
      // What was freed for us nobody else takes, so we do, whatever we think of it: it can go on from here.
      if (this.#seenOf(partition).reservation(nowMs)?.memberId === this.#memberId) return [partition];
      if (plan[partition] !== this.#memberId || hold.isNewerThan(this.#view)) return [];
      const owner = this.#ownerOf(nowMs, partition);
      return owner === undefined || owner === this.#memberId ? [partition] : [];
    });
    // Those with the most cars first.
    wanted.sort((left, right) => this.#seenOf(right).weight - this.#seenOf(left).weight);
    for (const partition of wanted.slice(0, room)) {
      this.#holdOf(partition).on("wanted", nowMs, this.#view);
      commands.push({ type: "acquire", partition, ...this.#grounds(nowMs, partition) });
      this.#seenOf(partition).forgetReservation();
    }
  }

  #grounds(nowMs: number, partition: number): Pick<AcquireCommand, "reason" | "sinceMs" | "takeOverEpoch"> {
    const seen = this.#seenOf(partition);
    const reservation = seen.reservation(nowMs);
    if (reservation?.memberId === this.#memberId) return { reason: "handed-over", sinceMs: reservation.sinceMs };
    const { lease } = seen;
    if (lease === undefined) return { reason: "free", sinceMs: nowMs };
    if (lease.ownerId === this.#memberId) return { reason: "own", sinceMs: nowMs };
    const owner = this.#peers.get(lease.ownerId);
    if (owner === undefined || isLiving(owner)) return { reason: "expired", sinceMs: lease.expiresAtMs };
    const takeOverEpoch = lease.epoch;
    if (owner.isCutOff) return { reason: "cut-off", sinceMs: owner.logHeardMs, takeOverEpoch };
    const reason = owner.state === "gone" ? "no-responders" : "silence";
    return { reason, sinceMs: owner.aliveMs, takeOverEpoch };
  }

  /** Whoever has the partition or is about to; undefined: nobody who lives. */
  #ownerOf(nowMs: number, partition: number): string | undefined {
    const { state, releasingTo } = this.#holdOf(partition);
    if (state === "acquiring" || state === "owned") return this.#memberId;
    if (state === "releasing") return releasingTo;
    const seen = this.#seenOf(partition);
    const next = seen.reservation(nowMs)?.memberId;
    if (next !== undefined && this.#canTake(next)) return next;
    const holder = seen.holder(nowMs);
    if (holder === undefined || holder === this.#memberId) return holder;
    const owner = this.#peers.get(holder);
    return owner !== undefined && isLiving(owner) ? holder : undefined;
  }

  #canTake(memberId: string): boolean {
    if (memberId === this.#memberId) return !this.#isDraining;
    const peer = this.#peers.get(memberId);
    return peer !== undefined && isLiving(peer) && !peer.isDraining;
  }

  #count(state: HoldState, afterMs = Number.NEGATIVE_INFINITY): number {
    return this.#holds.filter((hold) => hold.state === state && hold.changedMs > afterMs).length;
  }

  #holdOf(partition: number): Hold {
    const hold = this.#holds[partition];
    assert(hold !== undefined, `there is no partition ${partition}`);
    return hold;
  }

  #seenOf(partition: number): PartitionSeen {
    const seen = this.#seen[partition];
    assert(seen !== undefined, `there is no partition ${partition}`);
    return seen;
  }
}
