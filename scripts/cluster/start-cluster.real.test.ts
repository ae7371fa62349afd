import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const SCRIPT = fileURLToPath(new URL("../start-cluster.ts", import.meta.url));
const CARS = 8;
const STOP_MS_MAX = 10_000;
const WAIT = { timeout: 20_000, interval: 50 };

let data: string;
let cluster: ClusterScript;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "burnline-cluster-"));
});
afterEach(async () => {
  cluster.killGroup();
  rmSync(data, { recursive: true, force: true });
});

interface CarAnswer {
  readonly car: string;
  readonly live?: { readonly eventTimeMs: number; readonly raceBurnKg: number };
}

class ClusterScript {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(...flags: readonly string[]) {
    const own = ["--port", "0", "--data", data, "--cars", `${CARS}`, "--rate", "30", "--stream-gb", "0.5"];
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", SCRIPT, ...own, ...flags]);
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output !== null) createInterface({ input: output }).on("line", (line) => this.lines.push(line));
    }
  }

  /** The dashboard's address, once everything runs. */
  async address(): Promise<string> {
    return vi.waitFor(() => {
      if (this.#child.exitCode !== null) throw new Error(this.lines.join("\n"));
      const found = this.lines.flatMap((line) => /^ {2}Burnline {2}(\S+)$/.exec(line)?.[1] ?? []);
      expect(found).toHaveLength(1);
      return found[0] ?? "";
    }, WAIT);
  }

  pidOf(name: string): number {
    const row = this.lines.flatMap((line) => new RegExp(`^ {2}${name} +process (\\d+)`).exec(line)?.[1] ?? []);
    return Number(row[0]);
  }

  /** Of the processes that it started; empty when nobody is left. Zombies wait for their reaper and do nothing. */
  get group(): readonly string[] {
    const host = this.pidOf("nats");
    const rows = execFileSync("ps", ["-eo", "pid=,pgid=,stat=,args="], { encoding: "utf8" }).split("\n");
    const processes = rows.map((row) => row.trim().split(/ +/));
    const leader = processes.find(([pid]) => pid === `${host}`)?.[1] ?? this.#leader;
    this.#leader = leader;
    return processes
      .filter(([, pgid, stat]) => pgid === leader && !stat?.startsWith("Z"))
      .map(([pid, , , ...args]) => `${pid} ${args.join(" ")}`);
  }

  #leader: string | undefined;

  /** @returns exit code or signal, and how long it took */
  async end(signal: NodeJS.Signals): Promise<{ ending: number | string | null; tookMs: number }> {
    const beganMs = performance.now();
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    await exit;
    return { ending: this.#child.exitCode ?? this.#child.signalCode, tookMs: performance.now() - beganMs };
  }

  killGroup(): void {
    this.#child.kill("SIGKILL");
    for (const row of this.#leader === undefined ? [] : this.group) process.kill(Number.parseInt(row, 10), "SIGKILL");
  }
}

/** Every car's newest event time, when all cars are shown. */
async function shownMs(address: string): Promise<readonly number[]> {
  const { cars } = (await (await fetch(`${address}/api/v1/cars`)).json()) as { cars: CarAnswer[] };
  const shown = cars.flatMap(({ live }) => (live === undefined ? [] : [live.eventTimeMs]));
  expect(shown).toHaveLength(CARS);
  return shown;
}

test("the dashboard shows the race, a killed processor is reported and the values go on; Ctrl-C leaves nobody", async () => {
  cluster = new ClusterScript("--processors", "2");
  const address = await cluster.address();
  expect(cluster.group.length).toBeGreaterThanOrEqual(8);
  const before = Math.max(...(await vi.waitFor(() => shownMs(address), WAIT)));

  process.kill(cluster.pidOf("processor-2"), "SIGKILL");
  await vi.waitFor(async () => expect(Math.min(...(await shownMs(address)))).toBeGreaterThan(before + 2_000), WAIT);
  expect(cluster.lines.join("\n")).toMatch(/^cluster +\| processor-2 \(process \d+\) ended with SIGKILL: .+$/m);
  expect((await fetch(`${address}/healthz/ready`)).status).toBe(200);

  const { ending, tookMs } = await cluster.end("SIGINT");
  expect(ending).toBe(0);
  expect(tookMs).toBeLessThan(STOP_MS_MAX + 1_000);
  expect(cluster.group).toEqual([]);
}, 60_000);

test("the script is killed: everything stops all the same, and the next one goes on with the race", async () => {
  cluster = new ClusterScript("--processors", "1", "--inferences", "0");
  const address = await cluster.address();
  await vi.waitFor(() => shownMs(address), WAIT);
  expect(cluster.group.length).toBeGreaterThanOrEqual(6);
  await cluster.end("SIGKILL");
  await vi.waitFor(() => expect(cluster.group).toEqual([]), WAIT);

  cluster = new ClusterScript("--processors", "1", "--inferences", "0");
  await cluster.address();
  expect(cluster.lines.join("\n")).toContain("going on where the log stopped");
  expect(cluster.group.length).toBeGreaterThanOrEqual(6);
  expect((await cluster.end("SIGTERM")).ending).toBe(0);
  expect(cluster.group).toEqual([]);
}, 60_000);

test.each([
  [["--processors", "0"], "--processors is 0"],
  [["--ingests", "2"], "is told by one ingest"],
  [["--source", "nats:feed.>"], "without wildcards"],
  [["--proccessors", "3"], "There is no flag --proccessors"],
])("%j is refused in a sentence, before anything is started", async (flags, sentence) => {
  cluster = new ClusterScript(...flags);
  const { ending } = await cluster.end("SIGCONT");
  expect(ending).toBeGreaterThan(0);
  expect(cluster.lines.join("\n")).toContain(sentence);
  expect(cluster.lines.join("\n")).not.toContain("nats ");
});
