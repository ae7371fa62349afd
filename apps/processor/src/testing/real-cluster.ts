import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import {
  create,
  type Fact,
  type FactKind,
  FactSchema,
  fromBinary,
  PARTITION_COUNT,
  partitionOf,
  subjects,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import {
  connectNats,
  createLogger,
  type NatsEventLog,
  type NatsLink,
  NatsLiveChannel,
  openFactLog,
  openRaceLog,
  steadyClock,
} from "@burnline/runtime";
import {
  type KeptStore,
  keepStore,
  type RealServer,
  startNatsServer,
  startRedisServer,
} from "@burnline/runtime/testing";
import type { LogAppend } from "@burnline/stream";

export const SAMPLES_PER_FRAME = 12;
const RACE = "real";
const FACT_STREAM = `FACT-${RACE}`;
const FRAME_MS = 100;
const FRAMES_PER_TICK = 10;
const START_MS = 1_750_000_000_000;
const LIMITS = { replicas: 1, maxAgeMs: 3_600_000, maxBytes: 256 * 1024 ** 2 };
const GB = 1024 ** 3;
const MAIN = new URL("../main.ts", import.meta.url).pathname;
const logger = createLogger({ service: "test", level: "silent", format: "json" });

/** What a processor says of one partition that it took. */
export interface Takeover {
  readonly partition: number;
  readonly reason: string;
  readonly gapMs: number;
}

export class RealProcessor {
  readonly #child: ChildProcess;
  readonly takeovers: Takeover[] = [];
  readonly lines: string[] = [];
  #url: Promise<string>;

  constructor(nats: RealServer, redis: RealServer) {
    const flags = [
      ...["--race", RACE, "--nats", nats.url, "--redis", `${redis.url}/0`, "--port", "0"],
      ...["--stream-gb", String(LIMITS.maxBytes / GB), "--stream-days", String(LIMITS.maxAgeMs / 86_400_000)],
    ];
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...flags]);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#url = promise;
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => this.#hear(line, resolve));
    }
    this.#child.once("exit", (code, signal) =>
      reject(new Error(`ended with ${code ?? signal}: ${this.lines.join("\n")}`)),
    );
    promise.catch(() => {});
  }

  get url(): Promise<string> {
    return this.#url;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Exit code, or the signal's name. */
  async ended(): Promise<number | string | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async scale(): Promise<{ busy: number; lagSeconds: number; unowned: number }> {
    const response = await fetch(`${await this.#url}/scale`);
    return (await response.json()) as { busy: number; lagSeconds: number; unowned: number };
  }

  async owned(): Promise<number> {
    return this.#metric("processor_partitions_owned_count");
  }

  async dataGaps(): Promise<number> {
    return this.#metric("processor_data_gaps_total");
  }

  async #metric(name: string): Promise<number> {
    const text = await (await fetch(`${await this.#url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
  }

  #hear(line: string, onReady: (url: string) => void): void {
    this.lines.push(line);
    if (!line.startsWith("{")) return;
    const fields = JSON.parse(line) as Record<string, unknown>;
    if (fields.msg === "took over a partition") this.takeovers.push(fields as unknown as Takeover);
    if (fields.msg === "ready to own partitions") onReady(`http://127.0.0.1:${String(fields.port)}`);
  }
}

/** Real servers, real processor processes, and a source of 40 cars at 10 frames per second. */
export class RealCluster {
  readonly #cars: readonly string[];
  readonly #nats: RealServer;
  readonly #redis: RealServer;
  readonly #link: NatsLink;
  readonly #raceLog: NatsEventLog;
  readonly #factLog: NatsEventLog;
  readonly #processors: RealProcessor[] = [];
  readonly #liveMs = new Map<string, number>();
  #feeding: Promise<void> | undefined;
  #isFeeding = false;
  #frames = 0;
  /** The longest time in which a car that had been shown was not. */
  gapMs = 0;

  private constructor(
    cars: readonly string[],
    servers: { nats: RealServer; redis: RealServer },
    opened: { link: NatsLink; raceLog: NatsEventLog; factLog: NatsEventLog },
  ) {
    this.#cars = cars;
    this.#nats = servers.nats;
    this.#redis = servers.redis;
    this.#link = opened.link;
    this.#raceLog = opened.raceLog;
    this.#factLog = opened.factLog;
    new NatsLiveChannel(this.#link).subscribe(subjects.liveOf(RACE), (subject) => {
      const nowMs = steadyClock.nowMs();
      this.gapMs = Math.max(this.gapMs, nowMs - (this.#liveMs.get(subject) ?? nowMs));
      this.#liveMs.set(subject, nowMs);
    });
  }

  static async start(cars: readonly string[]): Promise<RealCluster> {
    const [nats, redis] = await Promise.all([startNatsServer(), startRedisServer()]);
    const link = await connectNats({ servers: [nats.url], name: "test" });
    const raceLog = await openRaceLog(link, RACE, LIMITS, logger);
    const factLog = await openFactLog(link, RACE, LIMITS, logger);
    return new RealCluster(cars, { nats, redis }, { link, raceLog, factLog });
  }

  async join(): Promise<RealProcessor> {
    const processor = new RealProcessor(this.#nats, this.#redis);
    this.#processors.push(processor);
    await processor.url;
    return processor;
  }

  /** Also again, with the next frame. */
  startFeeding(): void {
    this.#isFeeding = true;
    this.#feeding = this.#feed();
  }

  /** Every frame of every car is sent. Then only the clock goes on, until all windows are said. @returns samples per car */
  async stopFeeding(): Promise<number> {
    this.#isFeeding = false;
    await this.#feeding;
    const samples = this.#frames * SAMPLES_PER_FRAME;
    for (let tick = 1; tick <= 10; tick++)
      await this.#raceLog.append(this.#ticks(this.#frames + tick * FRAMES_PER_TICK));
    return samples;
  }

  /** The fact log has no room for a single fact more, until `takeFacts`. NATS answers as ever. */
  async refuseFacts(): Promise<void> {
    const { config, state } = await this.#link.manager.streams.info(FACT_STREAM);
    const discard = "new" as typeof config.discard;
    await this.#link.manager.streams.update(FACT_STREAM, { max_msgs: state.messages, discard });
  }

  async takeFacts(): Promise<void> {
    const { config } = await this.#link.manager.streams.info(FACT_STREAM);
    const discard = "old" as typeof config.discard;
    await this.#link.manager.streams.update(FACT_STREAM, { max_msgs: -1, discard });
  }

  /** What NATS holds now. Not while it is fed: an append that has no answer when NATS stops is an error. */
  keepNats(): Promise<KeptStore> {
    return keepStore(this.#nats, this.#link);
  }

  /** The cars that are shown now. */
  shown(withinMs: number): number {
    const nowMs = steadyClock.nowMs();
    return [...this.#liveMs.values()].filter((liveMs) => nowMs - liveMs <= withinMs).length;
  }

  /** All facts of a kind, in the order of the log. */
  async facts(kind: FactKind): Promise<readonly Fact[]> {
    const facts: Fact[] = [];
    const reader = await this.#factLog.open({ after: 0, subjectPrefix: subjects.factsOf(RACE, kind) });
    for (;;) {
      const records = await reader.next(1_000, 0);
      if (records.length === 0) break;
      facts.push(...records.map(({ payload }) => fromBinary(FactSchema, payload)));
    }
    await reader.close();
    return facts;
  }

  /** Samples in the newest revision of each window, by car. */
  async samplesByCar(): Promise<ReadonlyMap<string, number>> {
    const windows = new Map<string, { car: string; revision: number; samples: number }>();
    for (const { car, revision, body } of await this.facts("window")) {
      if (body.case !== "burnWindow") continue;
      const key = `${car}:${body.value.startMs}`;
      if (revision >= (windows.get(key)?.revision ?? -1))
        windows.set(key, { car, revision, samples: body.value.samples });
    }
    const sums = new Map<string, number>();
    for (const { car, samples } of windows.values()) sums.set(car, (sums.get(car) ?? 0) + samples);
    return sums;
  }

  async stop(): Promise<void> {
    this.#isFeeding = false;
    await this.#feeding;
    for (const processor of this.#processors) {
      processor.signal("SIGKILL");
      await processor.ended();
    }
    await this.#link.close();
    await Promise.all([this.#nats.stop(), this.#redis.stop()]);
  }

  async #feed(): Promise<void> {
    const beganMs = steadyClock.nowMs() - this.#frames * FRAME_MS;
    while (this.#isFeeding) {
      const appends = this.#cars.map((car) => this.#frameOf(car));
      if (this.#frames % FRAMES_PER_TICK === 0) appends.push(...this.#ticks(this.#frames));
      await this.#raceLog.append(appends);
      this.#frames += 1;
      await sleep(Math.max(0, beganMs + this.#frames * FRAME_MS - steadyClock.nowMs()));
    }
  }

  #frameOf(car: string): LogAppend {
    const eventTimeMs = START_MS + this.#frames * FRAME_MS;
    const payload = toBinary(TelemetryFrameSchema, frame({ car, eventTimeMs, sourceSequence: this.#frames }));
    const partition = partitionOf(car);
    return { partition, subject: subjects.telemetry(RACE, partition, car), payload };
  }

  #ticks(frames: number): LogAppend[] {
    const payload = toBinary(TickSchema, create(TickSchema, { eventTimeMs: START_MS + frames * FRAME_MS }));
    return Array.from({ length: PARTITION_COUNT }, (_, partition) => {
      return { partition, subject: subjects.tick(RACE, partition), payload };
    });
  }
}
