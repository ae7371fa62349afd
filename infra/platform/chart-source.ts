import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ChartServers, PlatformConfig } from "../platform-config.ts";
import { archiveOf, CHART_NAMES, CHART_PINS, type ChartName } from "./chart-pins.ts";

/** @returns sha256:…, or undefined when there is no such file */
export type DigestOfFile = (path: string) => string | undefined;

export const digestOfFile: DigestOfFile = (path) => {
  try {
    return `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
  } catch {
    return undefined;
  }
};

/** Where a chart is taken from: its repository, or the folder of archives that were looked at. */
export function chartSource({ folder }: ChartServers, name: ChartName) {
  const pin = CHART_PINS[name];
  if (folder !== undefined) return { chart: archivePath(folder, name) };
  return { chart: pin.chart, version: pin.version, repositoryOpts: { repo: pin.repo } };
}

/** From infra/, where Pulumi runs the program; a setting is read from the project's folder. */
function archivePath(folder: string, name: ChartName): string {
  const base = folder.startsWith("/") ? folder : `../${folder}`;
  return `${base.replace(/\/+$/, "")}/${archiveOf(CHART_PINS[name])}`;
}

export function neededCharts(
  config: Pick<PlatformConfig, "hasAutoscaling" | "hasMonitoring"> & { readonly hasManagedRedis: boolean },
): ChartName[] {
  const isNeeded: Readonly<Record<ChartName, boolean>> = {
    ...{ nats: true, "cert-manager": true, valkey: !config.hasManagedRedis },
    ...{ keda: config.hasAutoscaling, "kube-prometheus-stack": config.hasMonitoring },
  };
  return CHART_NAMES.filter((name) => isNeeded[name]);
}

/** Archives that are not there, or are not what was looked at: a sentence each, with what to type. */
export function archiveProblems(config: PlatformConfig, digestOf: DigestOfFile): string[] {
  const { servers, cluster } = config;
  if (servers.type !== "charts" || servers.folder === undefined) return [];
  const { folder, digests } = servers;
  const hasManagedRedis = cluster.type === "eks" && cluster.redisService === "managed";
  return neededCharts({ ...config, hasManagedRedis }).flatMap((name) => {
    const pin = CHART_PINS[name];
    const found = digestOf(archivePath(folder, name));
    if (found === undefined)
      return `There is no ${archiveOf(pin)} in burnline:chartsFolder ${folder}: helm pull ${pin.chart} --repo ${pin.repo} --version ${pin.version} --destination ${folder}`;
    const expected = digests[name];
    if (expected === undefined || expected === found) return [];
    return `${folder}/${archiveOf(pin)} is ${found} and not what burnline:chartDigests says: look at it, then pulumi config set --path 'burnline:chartDigests["${name}"]' ${found}`;
  });
}
