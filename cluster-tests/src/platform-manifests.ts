import { fileURLToPath } from "node:url";
import { type CapturedResource, captureProgram, GOOD_FACTS } from "@burnline/infra/testing";
import { type ClusterFacts, renderChart } from "./chart.ts";
import type { ClusterTestConfig } from "./config.ts";
import { HarnessError } from "./harness-error.ts";
import type { Manifest } from "./kube.ts";

export const NAMESPACE = "burnline";
export const RELEASE = "burnline";
export const NODE_PORTS = { gateway: 30_080, ingest: 30_082 } as const;
/** Where Pulumi runs the program, so that a chart's folder is relative to it. */
const PROGRAM_FOLDER = new URL("../../infra/", import.meta.url);

export interface PlatformOptions {
  readonly race: string;
  /** What the pods carry, so that another one makes them roll. */
  readonly edition: string;
  /** Editions of single apps. */
  readonly editions?: Readonly<Record<string, string>>;
  /** How many processors KEDA may make of two; absent: it may not. */
  readonly processorsMax?: number;
  /** Share of a core per processor from which KEDA adds one, down to which it takes one away; absent: as users get it. */
  readonly busyTarget?: number;
}

/** The resources that the Pulumi program registers for this stack, charts rendered: what `pulumi up` would apply. */
export async function platformManifests(
  { images }: ClusterTestConfig,
  options: PlatformOptions,
  facts: ClusterFacts,
): Promise<Manifest[]> {
  const { resources } = await captureProgram(
    {
      ...{ race: options.race, source: "push", environment: "dev", operator: "true" },
      ...{ imageRegistry: images.registry, imageRepository: images.repository, imageTag: images.tag },
      ...{ gatewayNodePort: `${NODE_PORTS.gateway}`, ingestNodePort: `${NODE_PORTS.ingest}` },
    },
    { facts: GOOD_FACTS },
  );
  return resources.flatMap((resource) => manifestsOf(resource, options, facts));
}

function manifestsOf(resource: CapturedResource, options: PlatformOptions, facts: ClusterFacts): Manifest[] {
  const { type, inputs, name } = resource;
  if (type === "kubernetes:helm.sh/v4:Chart") return chartManifests(inputs as unknown as ChartInputs, options, facts);
  // The stack, the provider and our own groups are Pulumi's business.
  if (!type.startsWith("kubernetes:")) return [];
  if (inputs.apiVersion === undefined || inputs.kind === undefined)
    throw new HarnessError(`The program registers ${type} ${name}, which is no object of Kubernetes: teach the tests.`);
  return [inputs as Manifest];
}

interface ChartInputs {
  readonly chart: string;
  readonly name: string;
  readonly namespace: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function chartManifests(inputs: ChartInputs, options: PlatformOptions, facts: ClusterFacts): Manifest[] {
  const folder = fileURLToPath(new URL(inputs.chart, PROGRAM_FOLDER));
  const { name, namespace } = inputs;
  const values = mergeValues(inputs.values, forTests(options));
  return renderChart({ name, namespace, folder, values }, facts).map((manifest) => inNamespace(manifest, namespace));
}

/**
 * All that differs from what a user gets: a second pod of each app, so that one may die, and short times, so that a test
 * sees KEDA come and go.
 */
function forTests({ edition, editions = {}, processorsMax = 2, busyTarget }: PlatformOptions): Record<string, unknown> {
  const carries = (app: string) => ({ podAnnotations: { "burnline.dev/edition": editions[app] ?? edition } });
  const twice = { replicas: 2, autoscaling: { min: 2, max: 2 } };
  return {
    autoscaling: { pollingSeconds: 2, scaleInQuietSeconds: 10 },
    ingest: { ...twice, ...carries("ingest") },
    inference: { ...twice, ...carries("inference") },
    gateway: { ...twice, ...carries("gateway") },
    processor: {
      replicas: 2,
      autoscaling: { min: 2, max: processorsMax, ...(busyTarget === undefined ? {} : { busy: busyTarget }) },
      ...carries("processor"),
    },
    operator: carries("operator"),
  };
}

function mergeValues(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isObject(below) && isObject(value) ? mergeValues(below, value) : value;
  }
  return merged;
}

/** As Pulumi and helm do: what names no namespace goes into the release's, unless its kind has none. */
function inNamespace(manifest: Manifest, namespace: string): Manifest {
  const isOfCluster = /^(CustomResourceDefinition|PriorityClass|ClusterRole|ClusterRoleBinding|Namespace)$/;
  if (isOfCluster.test(manifest.kind ?? "") || manifest.metadata?.namespace !== undefined) return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
}
