import type { PeerMessage } from "./membership.ts";

/**
 * handed-over: its owner freed it for us. no-responders, silence: its owner is dead. cut-off: it does not reach the log.
 * expired: its owner lives, but lost hold of it. own: the lease is ours, after an error. free: nobody had it.
 */
export type TakeReason = "handed-over" | "no-responders" | "silence" | "cut-off" | "expired" | "own" | "free";

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
  | { readonly type: "look" }
  /** Say how things stand with us now and not only at the next turn. */
  | { readonly type: "beat" };
