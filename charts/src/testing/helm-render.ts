import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../kube-object.ts";

/** Our chart. */
export const CHART_FOLDER = fileURLToPath(new URL("../../burnline", import.meta.url));

/** What a cluster with everything that the chart can use says of itself. */
export const ALL_APIS = [
  "keda.sh/v1alpha1",
  "monitoring.coreos.com/v1",
  "gateway.networking.k8s.io/v1",
  "external-secrets.io/v1",
] as const;

export interface RenderOptions {
  readonly release?: string;
  readonly namespace?: string;
  readonly apis?: readonly string[];
  readonly kubeVersion?: string;
  readonly chart?: string;
}

/** Said by helm, in its words without its wrapping. */
export class RenderRefusal extends Error {}

/** Renders by the helm on the PATH, as an installation would. @throws RenderRefusal, or Error when there is no helm */
export function renderChart(values: unknown, options: RenderOptions = {}): KubeObject[] {
  const documents = parseAllDocuments(runHelm("template", values, options), { version: "1.1" });
  return documents.map((document) => document.toJS() as KubeObject | null).filter((object) => object !== null);
}

/** @returns what helm lint says */
export function lintChart(values: unknown, options: RenderOptions = {}): string {
  return runHelm("lint", values, options);
}

/** What helm prints after an installation. */
export function chartNotes(values: unknown, options: RenderOptions = {}): string {
  return runHelm("install", values, options).split("\nNOTES:\n")[1] ?? "";
}

type Verb = "template" | "lint" | "install";

function runHelm(verb: Verb, values: unknown, options: RenderOptions): string {
  const { release = "burnline", namespace = "burnline", apis = ALL_APIS, kubeVersion, chart = CHART_FOLDER } = options;
  const own = {
    lint: ["--strict", chart],
    template: [release, chart, ...(apis.length > 0 ? ["--api-versions", apis.join(",")] : [])],
    install: [release, chart, "--dry-run=client"],
  }[verb];
  const version = kubeVersion === undefined ? [] : ["--kube-version", kubeVersion];
  const outcome = spawnSync("helm", [verb, ...own, "--namespace", namespace, ...version, "--values", "-"], {
    input: JSON.stringify(values),
    encoding: "utf8",
    maxBuffer: 64 * 1024 ** 2,
  });
  if (outcome.error !== undefined) {
    throw new Error("There is no helm on the PATH: install Helm 3.14 or newer, or put its folder on the PATH.", {
      cause: outcome.error,
    });
  }
  if (outcome.status !== 0) throw new RenderRefusal(refusalText(`${outcome.stderr}${outcome.stdout}`));
  return outcome.stdout;
}

/** The sentence in helm's answer. */
function refusalText(answer: string): string {
  return answer
    .replace(/^Error: /m, "")
    .replace(/^execution error at \([^)]*\): /, "")
    .replace(/^values don't meet the specifications[^\n]*\n/, "")
    .replace(/^\n?burnline:\n/m, "")
    .replace(/\n+Use --debug flag.*/s, "")
    .trim();
}
