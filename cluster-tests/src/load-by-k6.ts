import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentWith } from "./config.ts";
import { HarnessError } from "./harness-error.ts";

const MAIN = fileURLToPath(new URL("../../loadtest/src/main.ts", import.meta.url));
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

export interface LoadPlace {
  readonly ingestUrl: string;
  readonly gatewayUrl: string;
  readonly token: string;
}

/** Absent where nothing was measured. */
interface Percentiles {
  readonly p95?: number;
  readonly p99?: number;
}

/** Of what `npm run load` writes, what these tests say. */
export interface LoadFigures {
  readonly latencyMs: Percentiles;
  readonly sentLateMs: Percentiles;
  readonly longestGapMs: number;
  readonly lapsJudged: number;
  readonly thresholdsPassed: boolean;
  readonly thresholdsFailed: readonly string[];
}

/** A race by k6 through the Services, judged by its own thresholds. @throws HarnessError when it came to no result */
export async function loadByK6(profile: string, { ingestUrl, gatewayUrl, token }: LoadPlace): Promise<LoadFigures> {
  const folder = mkdtempSync(join(tmpdir(), "burnline-load-"));
  const file = join(folder, "summary.json");
  const args = [MAIN, profile, "--ingest", ingestUrl, "--gateway", gatewayUrl, "--json", file];
  try {
    const said = await new Promise<string>((resolve) => {
      const options = { env: environmentWith({ BURNLINE_TOKEN: token }), maxBuffer: OUTPUT_BYTES_MAX };
      execFile(process.execPath, args, options, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
    });
    if (!existsSync(file)) throw new HarnessError(`The load came to no result: ${said.slice(-2_000)}`);
    return JSON.parse(readFileSync(file, "utf8")) as LoadFigures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
