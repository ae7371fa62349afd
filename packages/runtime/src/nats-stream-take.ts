import { setTimeout as sleep } from "node:timers/promises";
import type { StreamConfig } from "@nats-io/jetstream";
import { natsFault } from "./nats-error.ts";
import type { NatsLink } from "./nats-link.ts";
import { findStream } from "./nats-stream.ts";

/** The operator makes a race's streams seconds after its Race or its release is there; a pod that gives up then is started again. */
const TAKE_MS_MAX = 60_000;
const POLL_MS = 500;

/**
 * Waits for a stream that somebody else makes and checks only that it holds what we read and write.
 * @throws StorageError that says who should have made it.
 */
export async function takeStream(
  link: NatsLink,
  name: string,
  subjects: readonly string[],
  takeMsMax: number = TAKE_MS_MAX,
): Promise<void> {
  const what = `stream ${name}`;
  const held = await waitForStream(link, name, what, takeMsMax);
  const [wanted, got] = [subjects, held.subjects].map((list) => list.toSorted().join(" "));
  if (wanted !== got) throw natsFault("unusable", what, `it has the subjects ${got} instead of ${wanted}`);
}

/** @param what whose stream it is, for the error's sentence */
export async function waitForStream(
  link: NatsLink,
  name: string,
  what: string,
  takeMsMax: number = TAKE_MS_MAX,
): Promise<StreamConfig> {
  const deadlineMs = performance.now() + takeMsMax;
  for (;;) {
    const held = await link.ask(what, () => findStream(link.manager, name));
    if (held !== undefined) return held;
    if (performance.now() + POLL_MS > deadlineMs) {
      const detail = `nobody made it within ${Math.round(takeMsMax / 1_000)} s: see why in the operator's log, check that it runs with --stream-owner operator or apply a Race with this race id, or set --stream-owner app here`;
      throw natsFault("unusable", what, detail);
    }
    await sleep(POLL_MS);
  }
}
