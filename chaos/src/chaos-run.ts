import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Prng } from "@burnline/std";
import { ChaosCluster, ChaosError } from "./chaos-cluster.ts";
import { scheduleFaults } from "./fault-schedule.ts";
import { FAULTS, type FaultKind } from "./faults.ts";
import { brokenLimits } from "./limits.ts";
import type { ChaosOptions } from "./options.ts";
import type { ProcessorProcess } from "./processor-process.ts";
import type { Verdict } from "./verdict.ts";

/** Without a fault, before the first one: the gaps that are there anyway. */
const CALM_MS = 5_000;
/** What happened and its echo belong to the same fault up to so long after everything is committed again. */
const ECHO_MS = 1_000;

/** calm: nothing was done. restored: the number of processors was brought back, as after a fault. */
export type MeasuredKind = FaultKind | "calm" | "restored";

export interface MeasuredFault {
  readonly kind: MeasuredKind;
  /** Since the run began. */
  readonly atMs: number;
  /** The longest time between two commits of one partition, from the fault to its echo. */
  readonly gapMs: number;
  readonly partition: number;
  /** The longest time from when a record was made to when it was committed; the feed's own silences are not in it. */
  readonly waitMs: number;
  /** Time in which this process itself stood still: gap and wait may seem longer by as much. */
  readonly stallMs: number;
  /** From the fault (undone, where that belongs to it) to when everything in the log was committed again. */
  readonly settledMs: number;
  /** Commits that the store refused because the lease was another's, and those at another position. */
  readonly fenced: number;
  readonly conflicts: number;
  readonly lostRenewals: number;
  readonly failures: number;
  readonly note: string;
}

export interface ChaosResult {
  readonly seed: number;
  readonly seconds: number;
  readonly processors: number;
  readonly faults: readonly MeasuredFault[];
  /** Undefined when the run ended before its time. */
  readonly verdict: Verdict | undefined;
  /** What must not happen, whatever breaks. */
  readonly problems: readonly string[];
  readonly isExact: boolean;
  /** Promises that were not kept, one sentence each. */
  readonly brokenLimits: readonly string[];
  readonly feedFailures: number;
  readonly appendMsMax: number;
  readonly sameIdsSent: number;
  /** Of the machine, over the last minute of the run: gaps on a busy one are longer. */
  readonly loadAverage: number;
}

/** Runs everything that the options say. @param tell is given each fault when it is over */
export async function runChaos(options: ChaosOptions, tell: (fault: MeasuredFault) => void): Promise<ChaosResult> {
  const cluster = await ChaosCluster.start(options);
  const run = new ChaosRun(cluster, options, tell);
  try {
    return await run.run();
  } finally {
    if (options.logs !== undefined) keepLogs(cluster.everyone, options.logs);
    await cluster.stop();
  }
}

class ChaosRun {
  readonly #cluster: ChaosCluster;
  readonly #options: ChaosOptions;
  readonly #tell: (fault: MeasuredFault) => void;
  readonly #prng: Prng;
  readonly #ended = new Set<ProcessorProcess>();
  readonly #faults: MeasuredFault[] = [];
  readonly #beganMs = performance.now();

  constructor(cluster: ChaosCluster, options: ChaosOptions, tell: (fault: MeasuredFault) => void) {
    this.#cluster = cluster;
    this.#options = options;
    this.#tell = tell;
    this.#prng = new Prng(options.seed);
  }

  async run(): Promise<ChaosResult> {
    const cluster = this.#cluster;
    let verdict: Verdict | undefined;
    try {
      await cluster.even();
      await cluster.settled();
      await this.#measure("calm", async () => {
        await sleep(CALM_MS);
        return "";
      });
      await this.#breakThings();
      await cluster.feed.stop();
      verdict = await cluster.judge();
    } catch (error) {
      if (!(error instanceof ChaosError)) throw error;
      cluster.problems.push(error.message);
    }
    return this.#result(verdict);
  }

  async #breakThings(): Promise<void> {
    const { kinds, minutes } = this.#options;
    const schedule = scheduleFaults(kinds, minutes, this.#prng.fork(1));
    const slotMs = (minutes * 60_000) / schedule.length;
    const firstMs = performance.now();
    for (const [index, kind] of schedule.entries()) {
      const context = { cluster: this.#cluster, prng: this.#prng, ended: this.#ended };
      await this.#measure(kind, () => FAULTS[kind](context));
      await this.#restore();
      await sleep(Math.max(0, firstMs + (index + 1) * slotMs - performance.now()));
    }
  }

  /** As many processors as in the beginning. */
  async #restore(): Promise<void> {
    const cluster = this.#cluster;
    const { processors } = this.#options;
    while (cluster.running.length < processors) {
      await this.#measure("restored", async () => {
        const { name } = await cluster.join();
        await cluster.even();
        return name;
      });
    }
    while (cluster.running.length > processors) {
      await this.#measure("leave", () => FAULTS.leave({ cluster, prng: this.#prng, ended: this.#ended }));
    }
    await cluster.even();
  }

  async #measure(kind: MeasuredKind, happen: () => Promise<string>): Promise<void> {
    const cluster = this.#cluster;
    const before = await this.#counts();
    cluster.watch.begin();
    const atMs = performance.now() - this.#beganMs;
    const note = await happen();
    const undoneMs = performance.now();
    await cluster.settled();
    const settledMs = Math.round(performance.now() - undoneMs);
    await sleep(ECHO_MS);
    const { gapMs, partition, waitMs, stallMs } = cluster.watch.longest();
    cluster.noteDeaths(this.#ended);
    const after = await this.#counts();
    const fault: MeasuredFault = {
      ...{ kind, atMs: Math.round(atMs), gapMs: Math.round(gapMs), partition, waitMs: Math.round(waitMs) },
      ...{ stallMs: Math.round(stallMs), settledMs, note },
      fenced: after.fenced - before.fenced,
      conflicts: after.conflicts - before.conflicts,
      lostRenewals: after.lostRenewals - before.lostRenewals,
      failures: after.failures - before.failures,
    };
    this.#faults.push(fault);
    this.#tell(fault);
  }

  async #counts() {
    const sum = { fenced: 0, conflicts: 0, lostRenewals: 0, failures: 0 };
    for (const counts of await Promise.all(this.#cluster.everyone.map((processor) => processor.counts()))) {
      sum.fenced += counts.fenced;
      sum.conflicts += counts.conflicts;
      sum.lostRenewals += counts.lostRenewals;
      sum.failures += counts.failures;
    }
    return sum;
  }

  #result(verdict: Verdict | undefined): ChaosResult {
    const { feed, generator, problems } = this.#cluster;
    return {
      ...{ seed: this.#options.seed, processors: this.#options.processors, faults: this.#faults, verdict, problems },
      seconds: Math.round((performance.now() - this.#beganMs) / 1_000),
      isExact: verdict?.isExact === true && problems.length === 0,
      brokenLimits: brokenLimits(this.#faults),
      feedFailures: feed.failures,
      appendMsMax: Math.round(feed.appendMsMax),
      sameIdsSent: generator.sameIds,
      loadAverage: loadavg()[0] ?? 0,
    };
  }
}

function keepLogs(processors: readonly ProcessorProcess[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, lines } of processors) writeFileSync(join(folder, `${name}.log`), `${lines.join("\n")}\n`);
}
