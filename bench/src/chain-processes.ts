import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type RealServer, startNatsServer, startRedisServer } from "@burnline/runtime/testing";
import { BenchError } from "./bench-command.ts";

/** Who has not said that it is ready by then has failed. */
const READY_MS_MAX = 30_000;
/** Lines kept of what a process said, for the error message. */
const SAID_LINES_MAX = 20;
const STOP_MS_MAX = 10_000;
const APPS_FOLDER = new URL("../../apps/", import.meta.url).pathname;
/** What each app says when it has started. */
const APP_READY_LINES = {
  processor: /ready to own partitions/,
  gateway: /gateway runs/,
  ingest: /ingest runs/,
} as const;

/** They end with us, however we end. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process of the measured chain. */
export interface ChainProcess {
  readonly pid: number;
  /** Asks it to end, and ends it when it does not. */
  stop(): Promise<void>;
}

export interface ChainServer extends ChainProcess {
  readonly url: string;
}

export interface ChainApp extends ChainProcess {
  readonly port: number;
}

/** With JetStream. */
export async function startNats(folder: string): Promise<ChainServer> {
  return chainServer(await startNatsServer({ folder: join(folder, "nats") }));
}

/** As production has it: append-only file, written through every second; nothing is evicted. */
export async function startRedis(folder: string): Promise<ChainServer> {
  const place = join(folder, "redis");
  mkdirSync(place);
  return chainServer(await startRedisServer({ folder: place }));
}

function chainServer(server: RealServer): ChainServer {
  return { pid: server.pid, url: server.url, stop: () => server.kill("SIGTERM") };
}

/** Resolves when it has started, so a processor when it is ready to own partitions. `nodeFlags`: such as a profiler's. */
export async function startApp(
  app: keyof typeof APP_READY_LINES,
  flags: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<ChainApp> {
  const main = join(APPS_FOLDER, app, "src/main.ts");
  const args = ["--disable-warning=ExperimentalWarning", ...nodeFlags, main, "--port", "0", ...flags];
  const { process: started, readyLine } = await startProcess(process.execPath, args, APP_READY_LINES[app]);
  const { port } = JSON.parse(readyLine) as { port: number };
  return { ...started, port };
}

/** What Node is told so that it writes a profile of its CPU into the folder when it ends. */
export function profilerFlags(folder: string | undefined): string[] {
  return folder === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", folder];
}

async function startProcess(
  program: string,
  args: readonly string[],
  readyLine: RegExp,
): Promise<{ readonly process: ChainProcess; readonly readyLine: string }> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (why: string) => reject(new BenchError(`${program} ${why}:\n${said.join("\n")}`));
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on("line", (line) => {
      said.push(line);
      if (said.length > SAID_LINES_MAX) said.shift();
      if (readyLine.test(line)) resolve(line);
    });
  }
  child.once("error", (error) => fail(error.message));
  child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
  const timer = setTimeout(() => fail("did not become ready"), READY_MS_MAX);
  try {
    const line = await promise;
    return { process: { pid: child.pid ?? 0, stop: () => endProcess(child) }, readyLine: line };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}
