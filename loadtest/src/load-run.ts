import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadConfig, Target } from "./config.ts";
import { archiveK6, findK6, runK6, THRESHOLDS_FAILED } from "./k6-program.ts";
import { LoadError } from "./load-error.ts";
import type { LoadSummary } from "./load-summary.ts";
import { type NamedProcess, OwnCluster } from "./own-cluster.ts";
import { UsageWatch } from "./process-usage.ts";

/**
 * Runs one load, against the target or against a cluster started for it.
 * @param say gets what our own cluster says
 * @returns what k6 measured
 * @throws LoadError when there is nothing to tell
 */
export async function runLoad(
  config: LoadConfig,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<LoadSummary> {
  findK6();
  const cluster = config.target === undefined ? new OwnCluster(config.processors, say) : undefined;
  try {
    const target = config.target ?? (await cluster?.target());
    if (target === undefined) throw new LoadError("There is no target.");
    return await measure(config, target, cluster?.processes() ?? [], signal);
  } finally {
    await cluster?.stop();
  }
}

/** @throws LoadError */
export async function writeArchive(file: string, { profile }: LoadConfig): Promise<void> {
  // The addresses are those of the run, not of the archive; k6 wants them to be set while it reads the script.
  const code = await archiveK6(file, {
    ...{ PROFILE: profile.name, SECONDS: `${profile.seconds}` },
    ...{ INGEST_URL: "http://burnline-ingest:8082", GATEWAY_URL: "http://burnline-gateway:8080" },
  });
  if (code !== 0) throw new LoadError(`k6 archive ended with code ${code}.`);
}

async function measure(
  { profile, jsonFile }: LoadConfig,
  target: Target,
  processes: readonly NamedProcess[],
  signal: AbortSignal,
): Promise<LoadSummary> {
  const folder = mkdtempSync(join(tmpdir(), "burnline-k6-"));
  const file = join(folder, "summary.json");
  const watch = new UsageWatch();
  for (const { name, pid } of processes) watch.add(name, pid);
  try {
    const code = await runK6(
      {
        ...{ PROFILE: profile.name, SECONDS: `${profile.seconds}`, SUMMARY: file },
        ...{ INGEST_URL: target.ingestUrl, GATEWAY_URL: target.gatewayUrl, TOKEN: target.token },
        VIEWER_TOKEN: target.viewerToken,
      },
      signal,
      (pid) => watch.add("k6", pid),
    );
    const usage = watch.end();
    if (code !== 0 && code !== THRESHOLDS_FAILED) throw new LoadError(`k6 ended with code ${code} before its end.`);
    const measured = JSON.parse(readFileSync(file, "utf8")) as LoadSummary;
    const summary = { ...measured, processes: usage };
    if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(summary)}\n`);
    return summary;
  } finally {
    watch.end();
    rmSync(folder, { recursive: true, force: true });
  }
}
