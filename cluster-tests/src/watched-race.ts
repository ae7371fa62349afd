import { setTimeout as sleep } from "node:timers/promises";
import { CommitWatch, RaceGenerator } from "@burnline/chaos";
import { partitionOf } from "@burnline/contract";
import { ClientWatch } from "./client-watch.ts";
import { HarnessError } from "./harness-error.ts";
import { PushClient } from "./push-client.ts";
import { RaceSender } from "./race-sender.ts";
import type { ServerAccess } from "./server-access.ts";

/** Other cars than those of a load by k6 in the same race. */
const FIRST_CAR = 101;
const LOOK_MS = 200;
/** Race control plans so far ahead; no test lasts as long. */
const PLANNED_MS = 3_600_000;

export interface WatchedRaceOptions {
  readonly race: string;
  readonly cars: number;
  readonly seed: number;
  readonly ingestUrl: string;
  readonly gatewayUrl: string;
  readonly token: string;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** How long somebody had to wait while something broke. */
export interface Gaps {
  /** Between two commits of a partition with cars. */
  readonly commitMs: number;
  /** Between two updates of a dashboard. */
  readonly clientMs: number;
  /** By so much this process itself was late to look. */
  readonly stallMs: number;
}

/** A race whose every total is known, sent through the ingest's Service and watched at both ends. */
export class WatchedRace {
  readonly generator: RaceGenerator;
  readonly sender: RaceSender;
  readonly #client: PushClient;
  readonly #commits: CommitWatch;
  readonly #dashboard: ClientWatch;

  constructor(access: ServerAccess, options: WatchedRaceOptions) {
    const { race, cars, seed, nowMs } = options;
    const startMs = Math.floor(nowMs() / 1_000) * 1_000;
    this.generator = new RaceGenerator({
      ...{ race, cars, firstCar: FIRST_CAR, seed },
      ...{ startMs, endMs: startMs + PLANNED_MS },
    });
    const partitions = [...new Set(this.generator.cars.map((car) => partitionOf(car)))];
    this.#client = new PushClient(options.ingestUrl, options.token);
    this.sender = new RaceSender(this.#client, this.generator, nowMs);
    this.#commits = new CommitWatch(access.redis, race, partitions);
    this.#dashboard = new ClientWatch(
      `${options.gatewayUrl.replace(/^http/, "ws")}/api/v1/feed`,
      nowMs,
      options.random,
    );
  }

  async start(): Promise<void> {
    await this.sender.start();
    this.#commits.start();
    this.#dashboard.start();
  }

  /** What the dashboard has been told so far. */
  get dashboardUpdates(): number {
    return this.#dashboard.messages;
  }

  /** Measures from now on. */
  begin(): void {
    this.#commits.begin();
    this.#dashboard.begin();
  }

  /** The longest since `begin`. */
  gaps(): Gaps {
    const { gapMs, stallMs } = this.#commits.longest();
    return { commitMs: gapMs, clientMs: this.#dashboard.longestMs(), stallMs };
  }

  /** How far each partition is committed. */
  positions(): ReadonlyMap<number, number> {
    return this.#commits.positions();
  }

  /** Waits until each partition is committed further than it is now. @throws HarnessError when one stands still */
  async goesOn(secondsMax: number): Promise<void> {
    const before = this.positions();
    const still = () => [...this.positions()].flatMap(([at, now]) => (now > (before.get(at) ?? 0) ? [] : [at]));
    const deadlineMs = performance.now() + secondsMax * 1_000;
    while (still().length > 0) {
      if (performance.now() > deadlineMs)
        throw new HarnessError(`After ${secondsMax} s partitions ${still().join(", ")} still stand still.`);
      await sleep(LOOK_MS);
    }
  }

  /** The last frame is sent and acknowledged. */
  async stopSending(): Promise<void> {
    await this.sender.stop();
    this.#client.close();
  }

  async stopWatching(): Promise<void> {
    this.#dashboard.stop();
    await this.#commits.stop();
  }
}
