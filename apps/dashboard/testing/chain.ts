import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const READY_MS_MAX = 60_000;

/** Brings the built pages up to date, as `npm start` does. */
export function buildPages(): void {
  const run = spawnSync(process.execPath, [join(ROOT, "scripts/build-web.ts")], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`the pages could not be built:\n${run.stdout}${run.stderr}`);
}

/** As `npm run viewer-token` prints it. */
export function viewerToken(key: string): string {
  const main = join(ROOT, "apps/gateway/src/viewer-token-main.ts");
  const run = spawnSync(process.execPath, [main, "--viewer-keys", key, "--days", "1"], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`no token could be made:\n${run.stderr}`);
  return run.stdout.trim();
}

/** The whole chain with a simulated race, as a process that may be killed and started again on the same data. */
export class Chain {
  readonly url: string;
  readonly #port: number;
  readonly #flags: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), "burnline-dashboard-"));
  #process: ChildProcess | undefined;
  #said = "";

  private constructor(port: number, flags: readonly string[]) {
    this.#port = port;
    this.#flags = flags;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** On a port that is free now; a later start takes the same one again, as pages expect. @param flags of `npm start` */
  static async create(flags: readonly string[] = []): Promise<Chain> {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, "close");
    return new Chain(port, flags);
  }

  async start(): Promise<void> {
    // Slow samples and a fast race: laps are completed in seconds, on little processor time.
    const race = ["--source", "sim", "--track", "nashville", "--rate", "10", "--speed", "6", "--seed", "7"];
    const main = join(ROOT, "apps/standalone/src/main.ts");
    const flags = [...race, ...this.#flags, "--port", `${this.#port}`, "--data", this.#folder, "--log-level", "warn"];
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...flags], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.on("data", (text: Buffer) => {
      this.#said = `${this.#said}${text}`.slice(-4_000);
    });
    this.#process = child;
    const deadlineMs = performance.now() + READY_MS_MAX;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null) throw new Error(`the chain ended with ${child.exitCode}:\n${this.#said}`);
      if (performance.now() > deadlineMs) throw new Error(`the chain is not ready:\n${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** kill -9, and waits until the process is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #isReady(): Promise<boolean> {
    return fetch(`${this.url}/healthz/ready`).then(
      (response) => response.ok,
      () => false,
    );
  }
}
