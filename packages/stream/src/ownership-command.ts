import type { PeerMessage } from "./membership.ts";

/**
 * handed-over: its owner freed it for us. no-responders, silence: its owner is dead. expired: its owner lives, but lost
 * hold of it. own: the lease is ours, after an error. free: nobody had it.
 */
export type TakeReason = "handed-over" | "no-responders" | "silence" | "expired" | "own" | "free";

export interface AcquireCommand {
  readonly type: "acquire";
  readonly partition: number;
  readonly takeOverEpoch?: number;
  readonly reason: TakeReason;
  /** When the former owner was last known to work: what has passed since is the hand-over gap. */
  readonly sinceMs: number;
}

export type OwnershipCommand =
  | AcquireCommand
  | { readonly type: "release"; readonly partition: number }
  | { readonly type: "ask"; readonly memberId: string }
  | { readonly type: "announce"; readonly message: PeerMessage }
  /** Read members and leases again now and not only at the next turn. */
  | { readonly type: "look" };
