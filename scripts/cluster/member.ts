import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ClusterError } from "./cluster-error.ts";

/** A process that is not ready by then has failed. */
const READY_MS_MAX = 30_000;
const POLL_MS = 50;
/** After SIGKILL the kernel takes a moment. */
const KILLED_MS_MAX = 1_000;

/** How to start one process of the cluster, and how to see that it is ready. */
export interface MemberPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** "tcp": it takes connections. "http": it answers /healthz/ready with 200. */
  readonly readiness: "tcp" | "http";
}

/** One running process of the cluster. */
export class Member {
  readonly plan: MemberPlan;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #isStopping = false;

  /** @param say gets its lines, one by one. @param onDeath is told when it ends though nobody asked it to */
  constructor(plan: MemberPlan, say: (name: string, line: string) => void, onDeath: (member: Member) => void) {
    this.plan = plan;
    this.#child = spawn(plan.command, [...plan.args], { stdio: ["ignore", "pipe", "pipe"] });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output !== null) createInterface({ input: output }).on("line", (line) => say(plan.name, line));
    }
    this.#child.once("error", (error) => say(plan.name, error.message));
    this.#ended = once(this.#child, "exit").catch(() => undefined);
    void this.#ended.then(() => {
      if (!this.#isStopping) onDeath(this);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  /** "code 1" or "SIGKILL". */
  get ending(): string {
    return this.#child.signalCode ?? `code ${this.#child.exitCode ?? "unknown"}`;
  }

  /** @throws ClusterError when it ends instead, or is not ready in time */
  async ready(): Promise<void> {
    const { name, port, readiness } = this.plan;
    const untilMs = performance.now() + READY_MS_MAX;
    while (!(readiness === "tcp" ? await takesConnections(port) : await isReady(port))) {
      if (this.hasEnded) throw new ClusterError(`${name} ended with ${this.ending} while it started.`);
      if (performance.now() > untilMs) throw new ClusterError(`${name} was not ready in ${READY_MS_MAX / 1_000} s.`);
      await sleep(POLL_MS);
    }
  }

  /** Asks it to end; kills it when it has not after `graceMs`. @returns whether it ended by itself */
  async stop(graceMs: number): Promise<boolean> {
    this.#isStopping = true;
    if (this.hasEnded) return true;
    this.#child.kill("SIGTERM");
    if (await this.#endsWithin(graceMs)) return true;
    this.kill();
    await this.#endsWithin(KILLED_MS_MAX);
    return false;
  }

  kill(): void {
    this.#isStopping = true;
    this.#child.kill("SIGKILL");
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const waiting = new AbortController();
    const tooLate = sleep(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([this.#ended, tooLate]);
    waiting.abort();
    return this.hasEnded;
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz/ready`)).ok;
  } catch {
    return false;
  }
}

function takesConnections(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection({ port, host: "127.0.0.1" });
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
