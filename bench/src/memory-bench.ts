import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PARTITION_COUNT } from "@burnline/contract";
import { createSimSource, HeadlessIngest, type Source, type SourceItem } from "@burnline/ingest";
import { RaceTopology } from "@burnline/processor";
import { MemoryEventLog, MemoryLiveChannel, MemorySnapshotStore, MemoryStateStore } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import { type OutboxSink, PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts } from "@burnline/stream";
import { BenchError } from "./bench-command.ts";

export interface MemoryOptions {
  readonly cars: number;
  readonly hours: number;
  readonly sampleRateHz: number;
  readonly seed: number;
  /** Simulated time between two looks at the memory. */
  readonly lookMinutes: number;
}

export const MEMORY_DEFAULTS: MemoryOptions = { cars: 40, hours: 4, sampleRateHz: 20, seed: 1, lookMinutes: 30 };

/** The first look that counts: before it the compiler, caches and the field itself are still filling. */
const WARM_LOOKS = 2;
/** More laps than a race of any length here has. */
const LAPS = 2_000;
/** Simulated time between two turns of the processor. */
const WORK_INTERVAL_MS = 1_000;
const MB = 1024 ** 2;

export interface MemoryLook {
  readonly minute: number;
  /** After a full collection. */
  readonly heapMb: number;
  /** Outside of the heap: bytes of records and of states. */
  readonly buffersMb: number;
  readonly rssMb: number;
  /** What the store holds for all cars: the part that Redis would hold. */
  readonly stateKb: number;
}

export interface MemoryResult extends MemoryOptions {
  readonly looks: readonly MemoryLook[];
  readonly samples: number;
  readonly facts: number;
  readonly seconds: number;
  /** Heap and buffers at the last look against the first one behind the warm-up: 0 is flat. */
  readonly growthShare: number;
}

/**
 * A whole race through the runners of all partitions in this process, on ports in memory whose logs are cut behind the
 * processor: what is still there after hours is what a processor keeps. As fast as it can.
 */
export async function memoryBench(
  options: MemoryOptions,
  tell: (look: MemoryLook) => void = () => undefined,
): Promise<MemoryResult> {
  const beganMs = performance.now();
  const source = firstHours(createSimSource({ ...options, laps: LAPS }), options.hours);
  const race = await ProcessorInMemory.start(source.race.race, new StepClock(source.startMs));
  const collect = garbageCollector();
  const looks: MemoryLook[] = [];
  const note = async (atMs: number) => {
    const seen = await look(race, Math.round((atMs - source.startMs) / 60_000), collect);
    looks.push(seen);
    tell(seen);
  };
  const lookMs = options.lookMinutes * 60_000;
  let [workedMs, lookDueMs] = [source.startMs, source.startMs + lookMs];
  const ingest = new HeadlessIngest(source);
  for await (const appends of ingest.appends()) {
    const nowMs = source.clock.nowMs();
    race.clock.advance(nowMs - race.clock.nowMs());
    await race.log.append(appends);
    if (nowMs < workedMs + WORK_INTERVAL_MS) continue;
    workedMs = nowMs;
    await race.work();
    if (nowMs < lookDueMs) continue;
    await note(lookDueMs);
    lookDueMs += lookMs;
  }
  await race.work();
  await note(source.startMs + options.hours * 3_600_000);
  const kept = ({ heapMb, buffersMb }: MemoryLook) => heapMb + buffersMb;
  const [first = looks[0], last] = [looks[WARM_LOOKS - 1], looks.at(-1)];
  if (first === undefined || last === undefined) throw new BenchError("There was nothing to look at.");
  return {
    ...{ ...options, looks, samples: source.samples(), facts: race.facts },
    seconds: Math.round((performance.now() - beganMs) / 100) / 10,
    growthShare: Math.round((kept(last) / kept(first) - 1) * 1_000) / 1_000,
  };
}

/** A source that stops after so many hours; `clock` stands at what it last gave. */
function firstHours(source: Source, hours: number): Source & { readonly clock: StepClock; samples(): number } {
  const clock = new StepClock(source.startMs);
  const endMs = source.startMs + hours * 3_600_000;
  let samples = 0;
  async function* items(): AsyncGenerator<SourceItem> {
    for await (const item of source.items()) {
      if (item.arrivalMs >= endMs) return;
      if (item.type === "frame") samples += item.frame.offsetMs.length;
      clock.advance(Math.max(0, item.arrivalMs - clock.nowMs()));
      yield item;
    }
    throw new BenchError(`The race ended before its ${hours} h: choose fewer hours.`);
  }
  return { ...source, items, clock, samples: () => samples };
}

/** One processor that owns everything. */
class ProcessorInMemory {
  readonly clock: StepClock;
  readonly log: MemoryEventLog;
  readonly #snapshots = new MemorySnapshotStore();
  readonly #race: string;
  #runners: readonly PartitionRunner[] = [];
  facts = 0;

  private constructor(race: string, clock: StepClock) {
    this.#race = race;
    this.clock = clock;
    this.log = new MemoryEventLog(clock);
  }

  static async start(race: string, clock: StepClock): Promise<ProcessorInMemory> {
    const started = new ProcessorInMemory(race, clock);
    await started.#takeAll();
    return started;
  }

  async #takeAll(): Promise<void> {
    const sink: OutboxSink = {
      send: async (records) => {
        this.facts += records.length;
      },
    };
    const ports: RunnerPorts = {
      ...{ log: this.log, state: new MemoryStateStore(this.clock), snapshots: this.#snapshots },
      ...{ live: new MemoryLiveChannel(), sink, clock: this.clock },
    };
    const taking = Array.from({ length: PARTITION_COUNT }, async (_, partition) => {
      const runner = await PartitionRunner.acquire(
        ports,
        { ...RUNNER_DEFAULTS, partition, ownerId: "bench" },
        new RaceTopology(this.#race, partition),
      );
      if (runner === undefined) throw new BenchError(`Partition ${partition} is held by another owner.`);
      return runner;
    });
    this.#runners = await Promise.all(taking);
  }

  /** Works off what is in the log, and forgets it. */
  async work(): Promise<void> {
    for (const runner of this.#runners) {
      for (let outcome = await runner.step(0); outcome !== "idle"; outcome = await runner.step(0)) {
        if (outcome === "lost") throw new BenchError("A partition was lost although nobody else is there.");
      }
    }
    await this.log.trim((await this.log.bounds()).last + 1);
  }

  /** Bytes of the newest snapshots of all partitions. */
  async stateBytes(): Promise<number> {
    let bytes = 0;
    for (let partition = 0; partition < PARTITION_COUNT; partition++) {
      const [newest] = await this.#snapshots.list(partition);
      bytes += newest?.bytes.byteLength ?? 0;
    }
    return bytes;
  }
}

async function look(race: ProcessorInMemory, minute: number, collect: () => void): Promise<MemoryLook> {
  const stateBytes = await race.stateBytes();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const toMb = (bytes: number) => Math.round((bytes / MB) * 10) / 10;
  return {
    ...{ minute, heapMb: toMb(heapUsed), buffersMb: toMb(external), rssMb: toMb(rss) },
    stateKb: Math.round(stateBytes / 1024),
  };
}

/** Node's own, without a flag on the command line. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

export function describeMemory({ cars, hours, looks, samples, facts, seconds, growthShare }: MemoryResult): string[] {
  const column = (value: string | number) => String(value).padStart(10);
  const row = (cells: readonly (string | number)[]) => cells.map(column).join("");
  return [
    `${cars} cars, ${hours} h, ${samples} samples, ${facts} facts, in ${seconds} s`,
    row(["minute", "heap MB", "buffers", "rss MB", "state KB"]),
    ...looks.map(({ minute, heapMb, buffersMb, rssMb, stateKb }) => row([minute, heapMb, buffersMb, rssMb, stateKb])),
    `growth after the warm-up: ${(growthShare * 100).toFixed(1)} %`,
  ];
}
