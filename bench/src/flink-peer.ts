import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { BenchError } from "./bench-command.ts";
import { type BurnChecks, difference, PUBLISHED } from "./burn-checks.ts";

const BUILD_MS_MAX = 600_000;
const RUN_MS_MAX = 900_000;
/** Of what Maven or Java said, shown when they fail. */
const SAID_CHARACTERS_MAX = 600;
const STDOUT_BYTES_MAX = 16 * 1024 ** 2;
const HEAP = "2g";

/** One run of the job in Flink: one line of its output. */
export interface FlinkRun {
  readonly samplesPerSecond: number;
  readonly samplesPerCpuSecond: number;
  readonly foreignCores: number;
  readonly checkpoints: number;
}

export interface FlinkRunOptions {
  readonly durationS: number;
  readonly runs: number;
  readonly warmUpRuns: number;
}

/** The peers' burn-windows job: a keyed function on HashMap state, exactly-once checkpoints every second, one task. */
const JOB = ["variant=one", "backend=hashmap", "ckpt=1000", "p=1", "sources=1"];

/**
 * Builds the job out of its tree, once per version of its sources.
 * @returns the folder in which it can be run
 * @throws BenchError with one sentence when it cannot be built here
 */
export async function buildFlink(peersFolder: string): Promise<string> {
  const source = resolve(peersFolder, "flink");
  if (!existsSync(join(source, "pom.xml"))) {
    throw new BenchError(`There is no Flink job in ${source}: give the folder of the peers with --peers-folder.`);
  }
  const target = join(homedir(), ".cache", "burnline", `flink-${digestOf(source)}`);
  const stamp = join(target, "built");
  if (existsSync(stamp)) return target;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(source, target, { recursive: true });
  const goals = ["-B", "-q", "package", "dependency:copy-dependencies"];
  await run("Flink's job cannot be built with Maven and JDK 17", "mvn", goals, target, BUILD_MS_MAX);
  writeFileSync(stamp, "");
  return target;
}

/** Some runs in one JVM, those that warm it up left out. @throws BenchError when one is not exact. */
export async function runFlink(folder: string, options: FlinkRunOptions): Promise<FlinkRun[]> {
  const { durationS, runs, warmUpRuns } = options;
  const settings = [...JOB, `dur=${durationS}`, `warm=${warmUpRuns}`, `runs=${runs}`];
  const args = [`HEAP=${HEAP}`, "sh", "bench.sh", ...settings];
  const stdout = await run("Flink's job cannot be run with JDK 17", "env", args, folder, RUN_MS_MAX);
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  const said = lines.map((line) => JSON.parse(line) as FlinkLine);
  if (said.length !== runs + warmUpRuns) throw new BenchError(`Flink made ${said.length} runs, not all: ${stdout}`);
  for (const line of said) assertExact(line, durationS);
  return said.slice(warmUpRuns).map(({ samplesPerS, samplesPerCpuS, foreignCores, checkpoints }) => ({
    samplesPerSecond: samplesPerS,
    samplesPerCpuSecond: samplesPerCpuS,
    foreignCores,
    checkpoints,
  }));
}

interface FlinkLine {
  readonly samplesPerS: number;
  readonly samplesPerCpuS: number;
  readonly foreignCores: number;
  readonly checkpoints: number;
  readonly frames: number;
  readonly dupFrames: number;
  readonly lateSamples: number;
  readonly windows: number;
  readonly used: number;
  readonly fuelUg: number;
  readonly dist: number;
  readonly thr: number;
}

function assertExact(line: FlinkLine, durationS: number): void {
  const published = PUBLISHED[durationS];
  if (published === undefined) {
    const known = Object.keys(PUBLISHED).join(", ");
    throw new BenchError(`The totals of ${durationS} s are not published; give a duration of ${known}.`);
  }
  const found: BurnChecks = {
    frames: line.frames,
    duplicateFrames: line.dupFrames,
    lateSamples: line.lateSamples,
    windows: line.windows,
    samplesUsed: line.used,
    fuelUg: line.fuelUg,
    distance: line.dist,
    throttle: line.thr,
  };
  const wrong = difference(found, published);
  if (wrong !== undefined) throw new BenchError(`Flink's totals are not those published: ${wrong}.`);
}

async function run(failure: string, program: string, args: string[], cwd: string, timeout: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, timeout, maxBuffer: STDOUT_BYTES_MAX });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as { stdout?: string; stderr?: string; message: string };
    const said = `${stdout}${stderr}`.trim() || message;
    throw new BenchError(`${failure}: ${said.slice(-SAID_CHARACTERS_MAX)}`);
  }
}

/** Of the names and bytes of everything that is built. */
function digestOf(source: string): string {
  const hash = createHash("sha256");
  const names = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(source, "target")));
  for (const name of names.sort()) hash.update(name.slice(source.length)).update(readFileSync(name));
  return hash.digest("hex").slice(0, 12);
}
