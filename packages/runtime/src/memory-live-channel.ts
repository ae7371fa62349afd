import type { LiveChannel } from "@burnline/stream";

type OnMessage = (subject: string, payload: Uint8Array) => void;

interface Subscriber {
  readonly subjectPrefix: string;
  readonly onMessage: OnMessage;
}

/** Publish and subscribe within this process. Delivers at once; whoever is not there misses it. */
export class MemoryLiveChannel implements LiveChannel {
  readonly #subscribers = new Set<Subscriber>();
  readonly #onSubscriberError: (error: unknown) => void;

  /** A subscriber that throws harms neither the publisher nor the other subscribers; its error goes here. */
  constructor(onSubscriberError: (error: unknown) => void = () => {}) {
    this.#onSubscriberError = onSubscriberError;
  }

  publish(subject: string, payload: Uint8Array): void {
    for (const subscriber of this.#subscribers) {
      if (!subject.startsWith(subscriber.subjectPrefix)) continue;
      try {
        subscriber.onMessage(subject, payload);
      } catch (error) {
        this.#onSubscriberError(error);
      }
    }
  }

  subscribe(subjectPrefix: string, onMessage: OnMessage): () => void {
    const subscriber = { subjectPrefix, onMessage };
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }
}
