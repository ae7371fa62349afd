import { createHash } from "node:crypto";
import type { Logger } from "@burnline/runtime";
import { type EventsV1Event, V1MicroTime } from "@kubernetes/client-node";
import { ConflictError, type KubeApi } from "./kube-api.ts";
import type { RaceEvent } from "./race-events.ts";
import { RACE_API, type Race } from "./race-resource.ts";

/** The API server's own limits for these fields. */
const NOTE_LENGTH_MAX = 1_024;
const INSTANCE_LENGTH_MAX = 128;

/** Events of Races. The same one again is not a second event but one that happened twice; the API server drops them in an hour. */
export class EventRecorder {
  readonly #kube: Pick<KubeApi, "createEvent" | "repeatEvent">;
  readonly #instance: string;
  readonly #logger: Logger;

  constructor(kube: Pick<KubeApi, "createEvent" | "repeatEvent">, instance: string, logger: Logger) {
    this.#kube = kube;
    this.#instance = instance.slice(0, INSTANCE_LENGTH_MAX);
    this.#logger = logger;
  }

  /** An event that cannot be written stops nothing: the conditions say the same. */
  async record(race: Race, event: RaceEvent, nowMs: number): Promise<void> {
    const body = this.#toEvent(race, event, nowMs);
    const name = body.metadata?.name ?? "";
    try {
      await this.#kube.createEvent(body).catch((error) => {
        if (error instanceof ConflictError) return this.#kube.repeatEvent(name, nowMs);
        throw error;
      });
    } catch (error) {
      this.#logger.warn({ err: error, race: race.name, reason: event.reason }, "an event was not written");
    }
  }

  #toEvent(race: Race, { type, reason, action, note }: RaceEvent, nowMs: number): EventsV1Event {
    const { name, namespace, uid, resourceVersion } = race;
    const identity = createHash("sha256").update([uid, type, reason, action, note].join("\0")).digest("hex");
    const apiVersion = `${RACE_API.group}/${RACE_API.version}`;
    return {
      metadata: { namespace, name: `${name.slice(0, 200)}.${identity.slice(0, 16)}` },
      eventTime: new V1MicroTime(nowMs),
      ...{ reportingController: `${RACE_API.group}/operator`, reportingInstance: this.#instance },
      ...{ type, reason, action, note: note.slice(0, NOTE_LENGTH_MAX) },
      regarding: { apiVersion, kind: "Race", name, namespace, uid, resourceVersion },
    };
  }
}
