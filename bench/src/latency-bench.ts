import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findProgram } from "@burnline/runtime";
import { chromium } from "playwright-core";
import { searchFolders } from "./config.ts";
import { type Distribution, distributionOf } from "./distribution.ts";

export interface LatencyBenchOptions {
  readonly seconds: number;
  readonly cars: number;
  readonly port: number;
}

export interface LatencyBenchResult {
  readonly name: "latency";
  /** Of live values and windows together, which is what the target is about. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly samples: number;
  readonly live: Distribution;
  readonly window: Distribution;
  readonly seconds: number;
  readonly cars: number;
}

export const LATENCY_DEFAULTS: LatencyBenchOptions = { seconds: 60, cars: 40, port: 18_080 };

/** The chain needs so long until every car is on its way; measured after it. */
const WARM_UP_MS = 10_000;
const START_MS_MAX = 60_000;

const BROWSER_ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts the whole chain with a simulated race at speed 1 and opens the dashboard in Chromium. The page itself measures:
 * from the event time of a live value, and from the end of a window, to the moment after the paint that shows it.
 */
export async function latencyBench(options: LatencyBenchOptions): Promise<LatencyBenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "burnline-latency-"));
  const url = `http://127.0.0.1:${options.port}`;
  const chain = startChain(options, folder);
  try {
    await untilReady(url, chain);
    const browser = await chromium.launch({ executablePath: findChromium(), args: BROWSER_ARGS });
    try {
      const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
      await page.goto(`${url}/?measure=1`);
      await sleep(WARM_UP_MS);
      const before = await readProbe(page);
      await sleep(options.seconds * 1_000);
      const after = await readProbe(page);
      const live = after.live.slice(before.live.length);
      const window = after.window.slice(before.window.length);
      const all = distributionOf([...live, ...window]);
      return {
        name: "latency",
        ...{ p50Ms: all.p50Ms, p99Ms: all.p99Ms, samples: all.samples },
        ...{ live: distributionOf(live), window: distributionOf(window) },
        ...{ seconds: options.seconds, cars: options.cars },
      };
    } finally {
      await browser.close();
    }
  } finally {
    chain.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function startChain({ cars, port }: LatencyBenchOptions, folder: string): ChildProcess {
  const main = new URL("../../apps/standalone/src/main.ts", import.meta.url).pathname;
  const flags = ["--source", "sim", "--speed", "1", "--cars", String(cars), "--port", String(port), "--data", folder];
  return spawn(process.execPath, [main, ...flags], { stdio: ["ignore", "ignore", "inherit"] });
}

async function untilReady(url: string, chain: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + START_MS_MAX;
  while (performance.now() < deadlineMs) {
    if (chain.exitCode !== null) throw new Error(`the chain ended at once with exit code ${chain.exitCode}`);
    const ready = await fetch(`${url}/healthz/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await sleep(200);
  }
  throw new Error(`the chain was not ready within ${START_MS_MAX / 1000} s`);
}

interface Probe {
  readonly live: number[];
  readonly window: number[];
}

async function readProbe(page: { evaluate<T>(script: string): Promise<T> }): Promise<Probe> {
  const probe = await page.evaluate<Probe | null>("window.__burnlineLatency ?? null");
  if (probe === null) throw new Error("the page does not measure; is ?measure=1 still supported?");
  return { live: [...probe.live], window: [...probe.window] };
}

/** Chromium from the PATH; playwright-core brings none. */
function findChromium(): string {
  const program = findProgram(["chromium", "chromium-browser", "google-chrome"], searchFolders);
  if (program !== undefined) return program;
  throw new Error("no chromium on the PATH; install it (Debian: apt-get install chromium)");
}
