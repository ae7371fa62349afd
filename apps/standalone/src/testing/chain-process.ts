import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

/** The chain as a process of its own, as `npm start` runs it. */
export class ChainProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #waiting = new Map<string, () => void>();
  readonly lines: string[] = [];

  constructor(flags: readonly string[]) {
    const args = ["--disable-warning=ExperimentalWarning", MAIN, "--port", "0", ...flags];
    this.#child = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env.PATH },
    });
    this.#exited = new Promise((resolve) => this.#child.once("exit", (code) => resolve(code)));
    const stderr = this.#child.stderr;
    if (stderr === null) throw new Error("the chain has no stderr");
    createInterface({ input: stderr }).on("line", (line) => {
      this.lines.push(line);
      for (const [text, found] of this.#waiting) if (line.includes(text)) found();
    });
  }

  /** Resolves when a line holds the text; rejects when the process ends before. */
  async said(text: string): Promise<void> {
    if (this.lines.some((line) => line.includes(text))) return;
    const found = new Promise<"found">((resolve) => this.#waiting.set(text, () => resolve("found")));
    const outcome = await Promise.race([found, this.#exited]);
    this.#waiting.delete(text);
    if (outcome !== "found")
      throw new Error(`the chain ended with ${outcome} before it said "${text}":\n${this.lines.join("\n")}`);
  }

  /** Where it listens. */
  async url(): Promise<string> {
    await this.said("Burnline  http://");
    const line = this.lines.find((one) => one.includes("Burnline  http://")) ?? "";
    return line.slice(line.indexOf("http://")).trim();
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exited;
  }

  /** Resolves with the exit code. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }
}
