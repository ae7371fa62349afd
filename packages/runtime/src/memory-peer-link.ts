import type { PeerAnswer, PeerLink, PeerMessage } from "@burnline/stream";

/** Joins the links of one process, as the network does; for tests and the simulation. */
export class MemoryPeerHub {
  readonly #links = new Map<string, MemoryPeerLink>();

  open(memberId: string): MemoryPeerLink {
    const link = new MemoryPeerLink(memberId, this.#links);
    this.#links.set(memberId, link);
    return link;
  }

  /** As when the process dies: its connections are closed at once, and nothing was said. */
  drop(memberId: string): void {
    this.#links.get(memberId)?.cut();
    this.#links.delete(memberId);
  }

  /** As when the process is stopped: its connections stay open, and nobody is at home. */
  freeze(memberId: string, isFrozen: boolean): void {
    const link = this.#links.get(memberId);
    if (link !== undefined) link.isFrozen = isFrozen;
  }
}

/** Messages arrive one turn of the microtask queue later, those to a frozen member never. */
export class MemoryPeerLink implements PeerLink {
  isFrozen = false;
  readonly #memberId: string;
  readonly #links: Map<string, MemoryPeerLink>;
  readonly #subscribers = new Set<(message: PeerMessage) => void>();
  #isOpen = true;

  constructor(memberId: string, links: Map<string, MemoryPeerLink>) {
    this.#memberId = memberId;
    this.#links = links;
  }

  async ask(memberId: string, _timeoutMs: number): Promise<PeerAnswer> {
    if (!this.#isOpen) return "timeout";
    const asked = this.#links.get(memberId);
    if (asked === undefined) return "no-responders";
    return asked.isFrozen ? "timeout" : "alive";
  }

  announce(message: PeerMessage): void {
    if (!this.#isOpen) return;
    for (const [memberId, link] of this.#links) {
      if (memberId !== this.#memberId) queueMicrotask(() => link.#deliver(message));
    }
  }

  subscribe(onMessage: (message: PeerMessage) => void): () => void {
    this.#subscribers.add(onMessage);
    return () => {
      this.#subscribers.delete(onMessage);
    };
  }

  async close(): Promise<void> {
    this.cut();
    if (this.#links.get(this.#memberId) === this) this.#links.delete(this.#memberId);
  }

  cut(): void {
    this.#isOpen = false;
    this.#subscribers.clear();
  }

  #deliver(message: PeerMessage): void {
    if (this.isFrozen) return;
    for (const onMessage of [...this.#subscribers]) onMessage(message);
  }
}
