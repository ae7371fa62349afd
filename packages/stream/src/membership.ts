/**
 * The two ports by which the processes that share a race know of each other: a slow and sure one beside the state store
 * (`Membership`) and a fast and unsure one between the processes themselves (`PeerLink`). Neither gives safety: that is
 * the lease's token, which the store checks in each commit. What they say only decides who tries to take what, and when.
 *
 * Early take-over is part of `StateStore.acquire` (option `takeOverEpoch`), not of these ports: whether a partition may
 * be taken has to be decided in the same atomic step, and in the same place, as the new token is written.
 */

/** What a member says of itself, each time anew and whole. */
export interface Member {
  /** Of one life of a process: after a restart it is another one. It is also the `ownerId` of the member's leases. */
  readonly memberId: string;
  /** Rises with each heartbeat. Others judge a member by whether this moves, on their own clock. */
  readonly beat: number;
  /** Active keys (cars) that the member works for: the sum over `partitions`. */
  readonly weight: number;
  /** It is giving back what it has and takes nothing more. */
  readonly isDraining: boolean;
  /** For how long it had heard nothing from the log when it said this. */
  readonly logSilentMs: number;
  /** It does not reach the log while others do: whoever does may take what it has, at once. */
  readonly isCutOff: boolean;
  /** What it owns now, by partition number, rising. */
  readonly partitions: readonly PartitionLoad[];
}

export interface PartitionLoad {
  readonly partition: number;
  /** Active keys (cars) in the partition. */
  readonly weight: number;
}

/** A lease as anyone may see it: all but the token. */
export interface LeaseView {
  readonly partition: number;
  readonly ownerId: string;
  readonly epoch: number;
  /** By the store's clock, the one by which it also judges; <= 0: it has run out, but nobody has taken it yet. */
  readonly expiresInMs: number;
}

/** Who is there, and who has which partition, of one race. One instance serves one process. */
export interface Membership {
  /** Takes the place of this member's former heartbeat; forgotten by the store after `ttlMs` without another. */
  heartbeat(member: Member, ttlMs: number): Promise<void>;
  /** Whoever's last heartbeat has not run out, sorted by member id (code units). */
  members(): Promise<readonly Member[]>;
  /** Forgets the member at once. Its leases are not touched. */
  leave(memberId: string): Promise<void>;
  /**
   * The leases that are held or have run out, by partition number, rising; a partition that was released or never taken
   * is missing. Partition by partition as the store has it; not one moment's picture of all.
   */
  leases(): Promise<readonly LeaseView[]>;
}

/**
 * "alive": it answered. "no-responders": nobody listens under that id, as when its process has died.
 * "timeout": no answer, for whatever reason, one's own bad connection among them.
 */
export type PeerAnswer = "alive" | "no-responders" | "timeout";

/** Said to all members. At most once: whoever misses it finds out from the membership, later. */
export type PeerMessage =
  /** A partition was given back, and is meant for this member. */
  | { readonly type: "freed"; readonly partition: number; readonly memberId: string; readonly toMemberId: string }
  /** The member drains: it gives its partitions back one after the other. */
  | { readonly type: "leaving"; readonly memberId: string }
  /** Nobody answered for this member: whoever hears it asks too. */
  | { readonly type: "suspected"; readonly memberId: string };

/** The way between the processes. Opened for one member, it answers for that member until it is closed. */
export interface PeerLink {
  /** Never rejects: whatever fails is "timeout". */
  ask(memberId: string, timeoutMs: number): Promise<PeerAnswer>;
  /** Reaches the other members that are connected; not the sender. */
  announce(message: PeerMessage): void;
  /** Messages of other members, in the order in which each of them sent. Returns the way to stop. */
  subscribe(onMessage: (message: PeerMessage) => void): () => void;
  /** From now on nobody answers for this member. */
  close(): Promise<void>;
}
