import { create, DeltaSchema, SnapshotSchema } from "@burnline/contract";
import { type Encoding, encodeShared, type FeedFrame, type SharedBody, withSubscriptionId } from "./feed-frame.ts";
import type { RaceView, TopicContent } from "./race-view.ts";
import type { Topic } from "./topic.ts";

interface Shared {
  /** Undefined: nothing of the topic changed. */
  readonly body: SharedBody | undefined;
  readonly frames: Map<number, FeedFrame>;
}

/** Measures one encoding: called before, the returned function after. */
type EncodeTimer = () => () => void;

/**
 * Turns the view into frames, each once: clients at the same version of the same topic share the encoded body, and
 * those that also chose the same subscription id share the frame. Holds the frames of one version, so at most one per
 * subscription that exists.
 */
export class FeedEncoder {
  readonly #view: RaceView;
  readonly #startTimer: EncodeTimer;
  readonly #shared = new Map<string, Shared>();
  #version = -1;
  #encodeCount = 0;

  constructor(view: RaceView, startTimer: EncodeTimer) {
    this.#view = view;
    this.#startTimer = startTimer;
  }

  /** Bodies encoded so far. */
  get encodeCount(): number {
    return this.#encodeCount;
  }

  snapshot(encoding: Encoding, text: string, topic: Topic, id: number, nowMs: number): FeedFrame {
    const frame = this.#frame(`${encoding} ${text}`, id, () => {
      const { race, ...rest } = this.#view.content(topic);
      const snapshot = create(SnapshotSchema, { topic: text, ...lists(rest), sentAtMs: nowMs });
      if (race !== undefined) snapshot.race = race;
      return encodeShared("snapshot", snapshot, encoding);
    });
    if (frame === undefined) throw new Error("a snapshot is never empty");
    return frame;
  }

  /** Undefined when nothing of the topic changed since the version. */
  delta(
    encoding: Encoding,
    text: string,
    topic: Topic,
    from: number,
    id: number,
    nowMs: number,
  ): FeedFrame | undefined {
    return this.#frame(`${encoding} ${text} ${from}`, id, () => {
      const changes = this.#view.changedSince(topic, from);
      if (changes === undefined) return undefined;
      const { race, ...rest } = changes;
      const delta = create(DeltaSchema, { ...lists(rest), sentAtMs: nowMs });
      if (race !== undefined) delta.race = race;
      return encodeShared("delta", delta, encoding);
    });
  }

  #frame(key: string, id: number, encode: () => SharedBody | undefined): FeedFrame | undefined {
    if (this.#version !== this.#view.version) {
      this.#version = this.#view.version;
      this.#shared.clear();
    }
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = { body: this.#timed(encode), frames: new Map() };
      this.#shared.set(key, shared);
    }
    if (shared.body === undefined) return undefined;
    let frame = shared.frames.get(id);
    if (frame === undefined) {
      frame = withSubscriptionId(shared.body, id);
      shared.frames.set(id, frame);
    }
    return frame;
  }

  #timed(encode: () => SharedBody | undefined): SharedBody | undefined {
    const stop = this.#startTimer();
    const body = encode();
    if (body === undefined) return undefined;
    stop();
    this.#encodeCount++;
    return body;
  }
}

function lists(content: Omit<TopicContent, "race">) {
  return {
    cars: [...content.cars],
    laps: [...content.laps],
    stints: [...content.stints],
    stages: [...content.stages],
    alerts: [...content.alerts],
  };
}
