import type { Member, PeerAnswer } from "./membership.ts";

/**
 * What one member believes of another:
 *
 *              no responders              no responders
 *    ┌─ trusted ────────────▶ suspected ────────────────▶ gone
 *    │   ▲  ▲ ▲─── answered ──────┘ │                     │ │
 *    │   │  └────── answered ───────┼─────────────────────┘ │ beat
 *    │   │beat      answered ┌──────┼──────────────────────▶│
 *    │   │        ▲──────────┤      │                       ▼
 *    │   └ silent ◀──────────┼──────┴──── silence ──── unreachable
 *    └───────▶▲  silence     └────────────────────────────┘
 *
 * trusted, suspected, unreachable: what it has is left to it. gone, silent: its partitions may be taken at once, since the
 * store refuses whatever it may still try. unreachable: nobody answers for it, but it goes on saying that it is there; two
 * such members must not take everything from each other again and again.
 */
export type PeerState = "trusted" | "suspected" | "gone" | "unreachable" | "silent";

/** silence: no beat for HEARTBEAT_TTL_MS of one's own time. */
export type PeerEvent = "answered" | "noResponders" | "noAnswer" | "beat" | "silence";

export function nextPeerState(state: PeerState, event: PeerEvent): PeerState {
  switch (event) {
    case "answered":
      return state === "silent" ? "silent" : "trusted";
    case "noResponders":
      if (state === "trusted") return "suspected";
      return state === "suspected" ? "gone" : state;
    case "noAnswer":
      return state;
    case "beat":
      if (state === "gone") return "unreachable";
      return state === "silent" ? "trusted" : state;
    case "silence":
      return "silent";
  }
}

/** A member whose beat has not moved for so long is taken for dead; six heartbeats. */
export const HEARTBEAT_TTL_MS = 1_500;
/** Each of a member's successors is asked so often. */
const ASK_INTERVAL_MS = 100;
/** An answer that takes longer says nothing. */
export const ASK_TIMEOUT_MS = 150;
/** So many successors, by id and round, are asked by each member; whoever sees one missing tells the rest. */
const ASKED_SUCCESSORS = 3;
/** Known others. At the cap a further one is not known: nothing is taken from it or given to it until one is forgotten. */
const PEERS_MAX = 256;
/** One that is not a member, owns nothing and was not heard of for so long is forgotten. */
const FORGET_MS = 10_000;

export interface Peer {
  readonly memberId: string;
  state: PeerState;
  beat: number;
  /** When its beat last moved, and when it was last known to be alive in any way. By our clock. */
  beatMs: number;
  aliveMs: number;
  isDraining: boolean;
  /** It cannot reach the log, and says so itself. */
  isCutOff: boolean;
  /** When it last heard the log, at the latest; by our clock. */
  logHeardMs: number;
  /** Did not take what was meant for it; is not given more until then. */
  unwillingUntilMs: number;
  askedMs: number;
  isBeingAsked: boolean;
  /** Ask at the next opportunity. */
  askSoon: boolean;
  /**
   * While it is suspected: the number of the view after which the last question was answered. The next one comes after a
   * newer view, so that questions that fail at once are not asked again and again in the same moment.
   */
  answeredAtView: number;
}

/** The other members, as far as this one knows. */
export class Peers {
  readonly #memberId: string;
  readonly #peers = new Map<string, Peer>();
  #takers = "";
  #takersSinceMs = 0;

  constructor(memberId: string) {
    this.#memberId = memberId;
  }

  get(memberId: string): Peer | undefined {
    return this.#peers.get(memberId);
  }

  /** The others that are believed to live, sorted by id. */
  living(): readonly Peer[] {
    return [...this.#peers.values()].filter(isLiving).toSorted(byId);
  }

  /**
   * @param lastMs when members were read before. @param heldUpMs time in which nothing could be seen: by our own fault,
   * so it counts against nobody.
   */
  onMembers(
    { nowMs, lastMs, heldUpMs }: { readonly nowMs: number; readonly lastMs: number; readonly heldUpMs: number },
    members: readonly Member[],
    owners: Iterable<string>,
  ): void {
    if (heldUpMs > 0) for (const peer of this.#peers.values()) peer.beatMs = Math.min(nowMs, peer.beatMs + heldUpMs);
    for (const { memberId, beat, isDraining, isCutOff, logSilentMs } of members) {
      const peer = this.#know(nowMs, memberId);
      if (peer === undefined) continue;
      peer.isDraining ||= isDraining;
      if (beat <= peer.beat) continue;
      peer.beat = beat;
      peer.beatMs = nowMs;
      peer.aliveMs = nowMs;
      peer.isCutOff = isCutOff;
      // The beat was not there when we looked before.
      peer.logHeardMs = Math.max(peer.logHeardMs, lastMs - logSilentMs);
      peer.state = nextPeerState(peer.state, "beat");
    }
    // An owner that is no member may have been forgotten by the store only: it has a chance to be heard of.
    const present = new Set(owners);
    for (const ownerId of present) this.#know(nowMs, ownerId);
    for (const { memberId } of members) present.add(memberId);
    for (const [memberId, peer] of this.#peers) {
      if (!present.has(memberId) && nowMs - peer.aliveMs >= FORGET_MS) this.#peers.delete(memberId);
    }
  }

  onAnswer(nowMs: number, memberId: string, answer: PeerAnswer, view: number): PeerState | undefined {
    const peer = this.#peers.get(memberId);
    if (peer === undefined) return undefined;
    peer.isBeingAsked = false;
    if (answer === "alive") peer.aliveMs = nowMs;
    const before = peer.state;
    peer.state = nextPeerState(before, EVENT_OF_ANSWER[answer]);
    if (peer.state === "suspected") peer.answeredAtView = view;
    return peer.state === before ? undefined : peer.state;
  }

  /** Whoever has been silent for too long is from now on. */
  age(nowMs: number): void {
    for (const peer of this.#peers.values()) {
      if (nowMs - peer.beatMs >= HEARTBEAT_TTL_MS) peer.state = nextPeerState(peer.state, "silence");
    }
  }

  /** Looks whether those who take partitions are still the same. */
  noteTakers(nowMs: number): void {
    const takers = this.living().filter(({ isDraining }) => !isDraining);
    const ids = takers.map(({ memberId }) => memberId).join(" ");
    if (ids === this.#takers) return;
    this.#takers = ids;
    this.#takersSinceMs = nowMs;
  }

  /** Since when they have been the same. */
  get takersSinceMs(): number {
    return this.#takersSinceMs;
  }

  /** Whom to ask now: our successors in turn, whoever is suspected, and whoever another one suspects. */
  toAsk(nowMs: number, view: number): readonly string[] {
    const ring = this.living();
    const start = ring.findIndex(({ memberId }) => memberId > this.#memberId);
    const order = start <= 0 ? ring : [...ring.slice(start), ...ring.slice(0, start)];
    const due = order.filter((peer, index) => {
      if (peer.isBeingAsked) return false;
      // A beat from before its death may still come in; it must not look like a sign of life after the second answer.
      if (peer.state === "suspected") return view > peer.answeredAtView;
      if (peer.askSoon) return true;
      return index < ASKED_SUCCESSORS && nowMs - peer.askedMs >= ASK_INTERVAL_MS;
    });
    for (const peer of due) {
      peer.isBeingAsked = true;
      peer.askSoon = false;
      peer.askedMs = nowMs;
    }
    return due.map(({ memberId }) => memberId);
  }

  #know(nowMs: number, memberId: string): Peer | undefined {
    if (memberId === this.#memberId) return undefined;
    const known = this.#peers.get(memberId);
    if (known !== undefined || this.#peers.size >= PEERS_MAX) return known;
    const peer: Peer = {
      ...{ memberId, state: "trusted", beat: -1, beatMs: nowMs, aliveMs: nowMs },
      ...{ isDraining: false, unwillingUntilMs: Number.NEGATIVE_INFINITY, askedMs: Number.NEGATIVE_INFINITY },
      ...{ isBeingAsked: false, askSoon: false, answeredAtView: 0 },
      ...{ isCutOff: false, logHeardMs: Number.NEGATIVE_INFINITY },
    };
    this.#peers.set(memberId, peer);
    return peer;
  }
}

/** Whoever is not: its partitions may be taken. */
export function isLiving({ state, isCutOff }: Pick<Peer, "state" | "isCutOff">): boolean {
  if (isCutOff) return false;
  return state === "trusted" || state === "suspected" || state === "unreachable";
}

const EVENT_OF_ANSWER = { alive: "answered", "no-responders": "noResponders", timeout: "noAnswer" } as const;

function byId(left: Peer, right: Peer): number {
  return left.memberId < right.memberId ? -1 : 1;
}
