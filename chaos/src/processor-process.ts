import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { RaceStreamLimits } from "@burnline/runtime";
import type { Wire } from "./wire.ts";

const MAIN = new URL("../../apps/processor/src/main.ts", import.meta.url).pathname;
const CLOCK_JUMP = new URL("./clock-jump.ts", import.meta.url).href;
/** Of the race's streams; the same for everybody. */
export const STREAM_LIMITS: RaceStreamLimits = { replicas: 1, maxAgeMs: 86_400_000, maxBytes: 1024 ** 3 };
/** A processor that does not say by then that it is ready has failed to start. */
const READY_MS_MAX = 30_000;
/** Lines kept of what a processor said; the oldest go first. */
const LINES_MAX = 2_000;
/** A drain that takes longer is given up (the aim is 0.5 s; a processor itself gives up after 8 s). */
const LEAVE_MS_MAX = 10_000;
const GB = 1024 ** 3;
const DAY_MS = 86_400_000;
const METRICS_MS_MAX = 1_000;

/** Counted by a processor since it began. */
export interface ProcessorCounts {
  readonly fenced: number;
  readonly conflicts: number;
  readonly lostRenewals: number;
  readonly failures: number;
  readonly owned: number;
}

const NO_COUNTS: ProcessorCounts = { fenced: 0, conflicts: 0, lostRenewals: 0, failures: 0, owned: 0 };

/** One life of a processor process, on wires of its own. */
export class ProcessorProcess {
  readonly name: string;
  readonly nats: Wire;
  readonly redis: Wire;
  /** What it said, one JSON object per line. */
  readonly lines: string[] = [];
  memberId = "";
  isFrozen = false;
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  #metricsUrl = "";
  #counts = NO_COUNTS;

  private constructor(name: string, race: string, nats: Wire, redis: Wire) {
    this.name = name;
    this.nats = nats;
    this.redis = redis;
    const settings = {
      ...{
        race,
        name,
        port: 0,
        "stream-gb": STREAM_LIMITS.maxBytes / GB,
        "stream-days": STREAM_LIMITS.maxAgeMs / DAY_MS,
      },
      ...{ nats: `nats://127.0.0.1:${nats.port}`, redis: `redis://127.0.0.1:${redis.port}` },
    };
    const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
    const node = ["--disable-warning=ExperimentalWarning", "--import", CLOCK_JUMP];
    this.#child = spawn(process.execPath, [...node, MAIN, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    const endWithUs = () => this.#child.kill("SIGKILL");
    process.once("exit", endWithUs);
    this.#child.once("exit", (code, signal) => {
      process.off("exit", endWithUs);
      this.#ready.reject(
        new Error(`processor ${name} ended with ${code ?? signal}:\n${this.lines.slice(-20).join("\n")}`),
      );
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output !== null) createInterface({ input: output }).on("line", (line) => this.#hear(line));
    }
  }

  /** Starts a processor; resolves when it is ready to own partitions. */
  static async start(name: string, race: string, nats: Wire, redis: Wire): Promise<ProcessorProcess> {
    const started = new ProcessorProcess(name, race, nats, redis);
    const timer = setTimeout(
      () => started.#ready.reject(new Error(`processor ${name} did not become ready:\n${started.lines.join("\n")}`)),
      READY_MS_MAX,
    );
    try {
      await started.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
    return started;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === "SIGSTOP") this.isFrozen = true;
    if (signal === "SIGCONT") this.isFrozen = false;
    this.#child.kill(signal);
  }

  /** Resolves with the exit code, or the signal's name. */
  async ended(): Promise<number | string> {
    if (this.isRunning) await once(this.#child, "exit");
    return this.#child.exitCode ?? this.#child.signalCode ?? 0;
  }

  /** SIGTERM, and SIGKILL to one that has not ended by LEAVE_MS_MAX. */
  async leave(): Promise<{ readonly exit: number | string; readonly tookMs: number }> {
    await this.counts();
    const beganMs = performance.now();
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), LEAVE_MS_MAX);
    const exit = await this.ended();
    clearTimeout(timer);
    return { exit, tookMs: Math.round(performance.now() - beganMs) };
  }

  /** Its counters; the last ones known when it does not answer any more. */
  async counts(): Promise<ProcessorCounts> {
    if (!this.isRunning || this.isFrozen) return this.#counts;
    try {
      const response = await fetch(this.#metricsUrl, { signal: AbortSignal.timeout(METRICS_MS_MAX) });
      this.#counts = parseCounts(await response.text());
    } catch {
      // It died or froze meanwhile: what it counted last stands.
    }
    return this.#counts;
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended();
    await Promise.all([this.nats.close(), this.redis.close()]);
  }

  #hear(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LINES_MAX) this.lines.shift();
    if (!line.startsWith("{")) return;
    const { msg, port, memberId } = JSON.parse(line) as { msg?: string; port?: number; memberId?: string };
    if (msg !== "ready to own partitions" || port === undefined || memberId === undefined) return;
    this.#metricsUrl = `http://127.0.0.1:${port}/metrics`;
    this.memberId = memberId;
    this.#ready.resolve();
  }
}

function parseCounts(text: string): ProcessorCounts {
  const value = (name: string) => {
    const line = text.split("\n").find((one) => one.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  };
  return {
    fenced: value('processor_partitions_lost_total{reason="fenced"}'),
    conflicts: value('processor_partitions_lost_total{reason="conflict"}'),
    lostRenewals: value('processor_partitions_lost_total{reason="renewal"}'),
    failures: value("processor_partition_failures_total"),
    owned: value("processor_partitions_owned_count"),
  };
}
