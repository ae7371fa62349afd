import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Target } from "./config.ts";
import { LoadError } from "./load-error.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/start-cluster.ts", import.meta.url));
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
const POLL_MS = 50;
/** What it said is kept to tell why it did not start; older lines leave. */
const LINES_MAX = 500;

const PROCESS_LINE = /^ {2}(\S+) +process (\d+) /;

export interface NamedProcess {
  readonly name: string;
  readonly pid: number;
}

/** `npm run start:cluster` with a race that is pushed, on free ports, its data in a folder that goes with it. */
export class OwnCluster {
  readonly #child: ChildProcess;
  readonly #data = mkdtempSync(join(tmpdir(), "burnline-load-"));
  readonly #lines: string[] = [];
  readonly #ended: Promise<unknown>;

  constructor(processors: number, onLine: (line: string) => void) {
    const flags = ["--source", "push", "--port", "0", "--data", this.#data, "--fresh", "--log-level", "warn"];
    this.#child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", SCRIPT, ...flags, "--processors", `${processors}`],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#ended = once(this.#child, "exit");
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => {
        this.#lines.push(line);
        if (this.#lines.length > LINES_MAX) this.#lines.shift();
        onLine(line);
      });
    }
  }

  /** @throws LoadError with what the cluster said when it does not start */
  async target(): Promise<Target> {
    const untilMs = performance.now() + READY_MS_MAX;
    for (;;) {
      const gatewayUrl = this.#find(/^ {2}Burnline {2}(\S+)$/);
      const ingestUrl = this.#find(/^ {2}ingest +process \d+ +(\S+)\/metrics$/);
      if (gatewayUrl !== undefined && ingestUrl !== undefined)
        return { gatewayUrl, ingestUrl, token: "", viewerToken: "" };
      const hasEnded = this.#child.exitCode !== null;
      if (hasEnded || performance.now() > untilMs) {
        throw new LoadError(`The cluster did not start: ${this.#lines.slice(-10).join("\n") || "it said nothing"}.`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Servers and apps, once it has started. */
  processes(): readonly NamedProcess[] {
    return this.#lines.flatMap((line) => {
      const [, name, pid] = PROCESS_LINE.exec(line) ?? [];
      return name === undefined ? [] : [{ name, pid: Number(pid) }];
    });
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const waiting = new AbortController();
    const tooLate = sleep(STOP_MS_MAX, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([this.#ended, tooLate]);
    waiting.abort();
    // Its processes end with it.
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
    rmSync(this.#data, { recursive: true, force: true });
  }

  #find(pattern: RegExp): string | undefined {
    for (const line of this.#lines) {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
