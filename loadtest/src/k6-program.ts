import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { findProgram } from "@burnline/runtime";
import { k6Environment, k6Folders } from "./config.ts";
import { LoadError } from "./load-error.ts";

const SCRIPT = fileURLToPath(new URL("../scenarios/race-load.ts", import.meta.url));

/** k6's exit code when a threshold did not hold. */
export const THRESHOLDS_FAILED = 99;

/** @throws LoadError that says how to get it */
export function findK6(): string {
  const program = findProgram(["k6"], k6Folders());
  if (program !== undefined) return program;
  throw new LoadError(
    "k6 is not on the PATH nor among Go's programs: install it with `go install go.k6.io/k6@v1.8.1`, `brew install k6`, or from https://github.com/grafana/k6/releases.",
  );
}

/**
 * Runs k6 on the script and shows what it says.
 * @param onStart gets its process id
 * @returns its exit code
 */
export async function runK6(
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onStart: (pid: number) => void,
): Promise<number> {
  const child = spawn(findK6(), ["run", "--quiet", "--no-color", SCRIPT], {
    stdio: ["ignore", "inherit", "inherit"],
    env: k6Environment(variables),
  });
  if (child.pid !== undefined) onStart(child.pid);
  // It ends its clients and still writes its summary.
  const interrupt = () => child.kill("SIGINT");
  signal.addEventListener("abort", interrupt);
  const [code] = (await once(child, "exit")) as [number | null];
  signal.removeEventListener("abort", interrupt);
  return code ?? 1;
}

/** Everything that the script reads, in one file that k6-operator mounts. */
export async function archiveK6(file: string, variables: Readonly<Record<string, string>>): Promise<number> {
  const named = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const child = spawn(findK6(), ["archive", "--quiet", "-O", file, ...named, SCRIPT], {
    stdio: ["ignore", "inherit", "inherit"],
    env: k6Environment({}),
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
