import { subjects } from "@burnline/contract";
import type { PeerAnswer, PeerLink, PeerMessage } from "@burnline/stream";
import { errors, type Msg, type Subscription } from "@nats-io/nats-core";
import { z } from "zod";
import type { NatsLink } from "./nats-link.ts";

/**
 * After a connection of our own was made again the others may still be making theirs: nobody is suspected for so long.
 * Attempts to connect are at most 1 s apart.
 */
const RECONNECT_GRACE_MS = 2_000;

const ENVELOPE = z.object({
  from: z.string(),
  message: z.discriminatedUnion("type", [
    z.object({ type: z.literal("freed"), partition: z.int().min(0), memberId: z.string(), toMemberId: z.string() }),
    z.object({ type: z.literal("leaving"), memberId: z.string() }),
    z.object({ type: z.literal("suspected"), memberId: z.string() }),
  ]),
});

/**
 * The way between processors over core NATS. When a process dies its sockets close and the server forgets its
 * subscriptions, so the next question to it is answered at once with "no responders".
 */
export class NatsPeerLink implements PeerLink {
  readonly #link: NatsLink;
  readonly #race: string;
  readonly #memberId: string;
  readonly #subscriptions: Subscription[];
  readonly #subscribers = new Set<(message: PeerMessage) => void>();
  readonly #stopListening: () => void;
  #suspectFromMs = 0;
  #isClosed = false;

  /** Resolves when the server knows that this member is there to be asked. */
  static async open(link: NatsLink, race: string, memberId: string): Promise<NatsPeerLink> {
    const peerLink = new NatsPeerLink(link, race, memberId);
    await link.connection.flush();
    return peerLink;
  }

  private constructor(link: NatsLink, race: string, memberId: string) {
    this.#link = link;
    this.#race = race;
    this.#memberId = memberId;
    this.#stopListening = link.listen({
      connected: () => {
        this.#suspectFromMs = performance.now() + RECONNECT_GRACE_MS;
      },
    });
    this.#subscriptions = [
      link.connection.subscribe(subjects.peerAsk(race, memberToken(memberId)), {
        callback: (error, message) => {
          if (error === null) message.respond();
        },
      }),
      link.connection.subscribe(subjects.peerSay(race), {
        callback: (error, message) => {
          if (error === null) this.#hear(message);
        },
      }),
    ];
  }

  async ask(memberId: string, timeoutMs: number): Promise<PeerAnswer> {
    if (this.#isClosed || !this.#link.isConnected) return "timeout";
    try {
      const subject = subjects.peerAsk(this.#race, memberToken(memberId));
      await this.#link.connection.request(subject, undefined, { timeout: timeoutMs });
      return "alive";
    } catch (error) {
      const isNobodyThere = error instanceof errors.RequestError && error.isNoResponders();
      const canJudge = this.#link.isConnected && performance.now() >= this.#suspectFromMs;
      return isNobodyThere && canJudge ? "no-responders" : "timeout";
    }
  }

  announce(message: PeerMessage): void {
    if (this.#isClosed || !this.#link.isConnected) return;
    const envelope: z.input<typeof ENVELOPE> = { from: this.#memberId, message };
    this.#link.connection.publish(subjects.peerSay(this.#race), JSON.stringify(envelope));
  }

  subscribe(onMessage: (message: PeerMessage) => void): () => void {
    this.#subscribers.add(onMessage);
    return () => {
      this.#subscribers.delete(onMessage);
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.#subscribers.clear();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    // Else what was said last, and that we are gone, would wait here for something else to be sent.
    if (this.#link.isConnected) await this.#link.connection.flush().catch(() => {});
  }

  /** What is not understood is a newer processor's, and whoever misses a message finds out from the membership. */
  #hear(message: Msg): void {
    const envelope = parseEnvelope(message);
    if (envelope === undefined || envelope.from === this.#memberId) return;
    for (const onMessage of [...this.#subscribers]) onMessage(envelope.message);
  }
}

function parseEnvelope(message: Msg): z.output<typeof ENVELOPE> | undefined {
  try {
    return ENVELOPE.safeParse(message.json()).data;
  } catch {
    return undefined;
  }
}

/** Any text as one subject token. */
function memberToken(memberId: string): string {
  return Buffer.from(memberId).toString("base64url");
}
