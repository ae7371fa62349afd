import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { findCommand } from "./config.ts";
import { HarnessError } from "./harness-error.ts";
import type { Manifest } from "./kube.ts";

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface ChartRelease {
  readonly name: string;
  readonly namespace: string;
  /** Folder of the chart. */
  readonly folder: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What the chart is told of the cluster: it refuses what this one lacks. */
export interface ClusterFacts {
  readonly version: string;
  /** keda.sh/v1alpha1 and so on. */
  readonly apiVersions: readonly string[];
}

/** What helm makes of a chart. @throws HarnessError with the chart's own sentence */
export function renderChart({ name, namespace, folder, values }: ChartRelease, facts: ClusterFacts): Manifest[] {
  const work = mkdtempSync(join(tmpdir(), "burnline-chart-"));
  try {
    const file = join(work, "values.json");
    writeFileSync(file, JSON.stringify(values));
    const text = execFileSync(
      findCommand("helm"),
      [
        ...["template", name, folder, "--namespace", namespace, "--values", file, "--include-crds"],
        ...["--kube-version", facts.version, "--api-versions", facts.apiVersions.join(",")],
      ],
      { encoding: "utf8", maxBuffer: OUTPUT_BYTES_MAX, stdio: ["ignore", "pipe", "pipe"], env: { HOME: work } },
    );
    return parseAllDocuments(text).flatMap((document) => {
      const manifest = document.toJS() as Manifest | null;
      return manifest === null ? [] : [manifest];
    });
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new HarnessError(`The chart was refused: ${stderr}`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
