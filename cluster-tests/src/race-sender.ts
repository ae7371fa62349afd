import { setTimeout as sleep } from "node:timers/promises";
import type { RaceGenerator } from "@burnline/chaos";
import type { LogAppend } from "@burnline/stream";
import { HarnessError } from "./harness-error.ts";
import { PushAway, type PushClient } from "./push-client.ts";
import { delimited, toPushMessages } from "./push-messages.ts";

const LOOK_MS = 10;
const AGAIN_MS = 50;
/** A race that nobody takes for so long is over. */
const AWAY_MS_MAX = 120_000;
/** What was sent again because its answer was lost may be there already. */
const HARMLESS = new Set(["duplicate-control", "duplicate-frame"]);

/** Sends what the generator makes to the ingest's Service in real time: in order, and again until it is acknowledged. */
export class RaceSender {
  readonly #client: Pick<PushClient, "push">;
  readonly #generator: RaceGenerator;
  readonly #nowMs: () => number;
  readonly #saidEvents = new Set<string>();
  #loop: Promise<void> | undefined;
  #isStopping = false;
  #rejected: Record<string, number> = {};
  /** Messages that had to be sent again. */
  repeats = 0;
  frames = 0;

  /** @param nowMs race time, which is the time of day */
  constructor(client: Pick<PushClient, "push">, generator: RaceGenerator, nowMs: () => number) {
    this.#client = client;
    this.#generator = generator;
    this.#nowMs = nowMs;
  }

  async start(): Promise<void> {
    await this.#send(this.#generator.opening());
    this.#loop = this.#keepSending();
    // Whoever awaits stop() hears of it.
    this.#loop.catch(() => undefined);
  }

  /** Sends all that is on its way. @throws HarnessError when anything was refused for good */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop;
    await this.#send(this.#generator.drain());
    const refused = Object.entries(this.#rejected).filter(([reason]) => !HARMLESS.has(reason));
    if (refused.length > 0)
      throw new HarnessError(`The ingest refused frames or events: ${JSON.stringify(Object.fromEntries(refused))}.`);
  }

  async #keepSending(): Promise<void> {
    while (!this.#isStopping) {
      const records = this.#generator.next(this.#nowMs());
      if (records === undefined) await sleep(LOOK_MS);
      else await this.#send(records);
    }
  }

  async #send(records: readonly LogAppend[]): Promise<void> {
    const { events, frames } = toPushMessages(records, this.#saidEvents);
    // A flag is in the log before what it concerns.
    await this.#push("events", events);
    await this.#push("frames", frames);
    this.frames += frames.length;
  }

  async #push(path: "events" | "frames", messages: readonly Uint8Array[]): Promise<void> {
    if (messages.length === 0) return;
    const body = delimited(messages);
    const deadlineMs = performance.now() + AWAY_MS_MAX;
    for (;;) {
      try {
        const { rejected } = await this.#client.push(path, body);
        for (const [reason, count] of Object.entries(rejected)) {
          this.#rejected[reason] = (this.#rejected[reason] ?? 0) + count;
        }
        return;
      } catch (error) {
        if (!(error instanceof PushAway) || performance.now() > deadlineMs) throw error;
        this.repeats++;
        await sleep(AGAIN_MS);
      }
    }
  }
}
