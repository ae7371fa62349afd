import { assert } from "@burnline/std";
import type { LiveChannel } from "@burnline/stream";
import type { NatsLink } from "./nats-link.ts";

/**
 * Gauge values over core NATS. While the connection is down they are dropped and counted: a value that comes late is
 * worth nothing.
 */
export class NatsLiveChannel implements LiveChannel {
  readonly #link: NatsLink;
  readonly #onSubscriberError: (error: unknown) => void;

  /** A subscriber that throws harms neither the publisher nor the others; its error goes to `onSubscriberError`. */
  constructor(link: NatsLink, onSubscriberError: (error: unknown) => void = () => {}) {
    this.#link = link;
    this.#onSubscriberError = onSubscriberError;
  }

  publish(subject: string, payload: Uint8Array): void {
    if (this.#link.isConnected) this.#link.connection.publish(subject, payload);
    else this.#link.metrics.liveDropped();
  }

  subscribe(subjectPrefix: string, onMessage: (subject: string, payload: Uint8Array) => void): () => void {
    const tokens = subjectPrefix.slice(0, subjectPrefix.lastIndexOf(".") + 1);
    // Everything of a server would also be the machinery of all its clients.
    assert(tokens.length > 1, `the prefix ${subjectPrefix} has no whole token`);
    let isStopped = false;
    const subscription = this.#link.connection.subscribe(`${tokens}>`, {
      callback: (error, message) => {
        if (isStopped) return;
        if (error !== null) {
          this.#onSubscriberError(error);
          return;
        }
        if (!message.subject.startsWith(subjectPrefix)) return;
        try {
          onMessage(message.subject, message.data);
        } catch (thrown) {
          this.#onSubscriberError(thrown);
        }
      },
    });
    return () => {
      if (isStopped) return;
      isStopped = true;
      subscription.unsubscribe();
    };
  }
}
