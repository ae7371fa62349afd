import type { Prng } from "@burnline/std";
import type { PeerAnswer, PeerMessage } from "@burnline/stream";

/** What the network sees of a process. */
export interface SimPeer {
  /** Undefined: nobody listens under any name. */
  readonly memberId: string | undefined;
  /** Stands still: its sockets are open, and nobody is at home. */
  readonly isFrozen: boolean;
  /** Cut off from the others, though not from log and store. */
  readonly isCutOff: boolean;
  hear(message: PeerMessage): void;
}

/** Part of the messages between processes that get lost. */
const MESSAGE_LOSS = 0.1;

/** The network between the simulated processes: questions answered at once, messages at once or never. */
export class SimPeers {
  readonly #peers: SimPeer[] = [];
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  add(peer: SimPeer): void {
    this.#peers.push(peer);
  }

  ask(asker: SimPeer, memberId: string): PeerAnswer {
    if (asker.isCutOff) return "timeout";
    const asked = this.#peers.find((peer) => peer.memberId === memberId);
    if (asked === undefined || asked.isCutOff) return "no-responders";
    return asked.isFrozen ? "timeout" : "alive";
  }

  announce(sender: SimPeer, message: PeerMessage): void {
    for (const peer of this.#peers) {
      const isReached = peer !== sender && peer.memberId !== undefined && !peer.isCutOff && !sender.isCutOff;
      if (isReached && !this.#prng.chance(MESSAGE_LOSS)) peer.hear(message);
    }
  }
}
