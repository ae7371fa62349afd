import { isSameNamespace, type KubeObject } from "./kube-object.ts";
import { containerPortOf, podsOf, serviceSpec } from "./reference-rules.ts";
import { ofKind, type SetRule } from "./set-rules.ts";

export interface Trigger {
  readonly type: string;
  readonly name?: string;
  readonly metricType?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface ScaledObjectSpec {
  readonly scaleTargetRef: { readonly kind?: string; readonly name: string };
  readonly minReplicaCount?: number;
  readonly maxReplicaCount?: number;
  readonly fallback?: { readonly behavior?: string };
  readonly advanced?: {
    readonly horizontalPodAutoscalerConfig?: { readonly behavior?: { readonly scaleDown?: ScaleDown } };
  };
  readonly triggers: readonly Trigger[];
}

interface ScaleDown {
  readonly stabilizationWindowSeconds?: number;
  readonly policies?: readonly { readonly type: string; readonly value: number; readonly periodSeconds: number }[];
}

export const scaledObjectSpec = ({ spec }: KubeObject) => spec as ScaledObjectSpec;

/** The Service, and port, that a trigger asks over HTTP; undefined for other triggers. */
export function askedService({
  type,
  metadata,
}: Trigger): { name: string; namespace: string; port: number } | undefined {
  if (type !== "metrics-api" || metadata.url === undefined) return undefined;
  const { hostname, port } = new URL(metadata.url);
  const [name = "", namespace = ""] = hostname.split(".");
  return { name, namespace, port: Number(port || 80) };
}

/** What KEDA is told to scale, by what, and how careful it is. */
export const SCALING_RULES: readonly SetRule[] = [
  {
    name: "who is scaled is there and has no number of its own",
    faults: (objects) =>
      ofKind(objects, "ScaledObject").flatMap((object) => {
        const { kind = "Deployment", name } = scaledObjectSpec(object).scaleTargetRef;
        const target = ofKind(objects, kind).find(
          (found) => found.metadata.name === name && isSameNamespace(found, object),
        );
        if (target === undefined) return [{ object, text: `there is no ${kind} ${name}` }];
        const { replicas } = target.spec as { replicas?: number };
        return replicas === undefined
          ? []
          : [{ object, text: `${name} has replicas ${replicas}: each upgrade would set it back` }];
      }),
  },
  {
    // With one, a race would feel the loss of a pod.
    name: "never fewer than two, never in a hurry to shrink",
    faults: (objects, { scaledReplicasMin }) =>
      ofKind(objects, "ScaledObject").flatMap((object) => {
        const { minReplicaCount = 0, maxReplicaCount = 100, advanced, fallback } = scaledObjectSpec(object);
        const { policies = [], stabilizationWindowSeconds = 300 } =
          advanced?.horizontalPodAutoscalerConfig?.behavior?.scaleDown ?? {};
        const isSlow =
          policies.length > 0 &&
          policies.every((one) => one.type === "Pods" && one.value / one.periodSeconds <= 1 / 60);
        return [
          ...(minReplicaCount >= scaledReplicasMin ? [] : [`minReplicaCount is ${minReplicaCount}`]),
          ...(maxReplicaCount >= minReplicaCount ? [] : ["maxReplicaCount is below minReplicaCount"]),
          ...(isSlow ? [] : ["scaleDown takes more than one pod a minute"]),
          ...(stabilizationWindowSeconds <= 3_600 ? [] : ["scaleDown waits longer than Kubernetes allows"]),
          ...(fallback?.behavior === "currentReplicasIfHigher" ? [] : ["a trigger that cannot be read may shrink it"]),
        ].map((text) => ({ object, text }));
      }),
  },
  {
    name: "a trigger asks somebody who answers",
    faults: (objects) =>
      ofKind(objects, "ScaledObject").flatMap((object) =>
        scaledObjectSpec(object)
          .triggers.map((trigger) => triggerFault(trigger, objects))
          .filter((text) => text !== undefined)
          .map((text) => ({ object, text })),
      ),
  },
];

function triggerFault(trigger: Trigger, objects: readonly KubeObject[]): string | undefined {
  const asked = askedService(trigger);
  if (asked === undefined) return undefined;
  const service = ofKind(objects, "Service").find(
    ({ metadata }) => metadata.name === asked.name && metadata.namespace === asked.namespace,
  );
  const port = service && serviceSpec(service).ports?.find((own) => own.port === asked.port);
  if (service === undefined || port === undefined) {
    return `there is no Service ${asked.name} with a port ${asked.port} in ${asked.namespace}`;
  }
  const isOwnPort = podsOf(service, objects).every(
    ({ template }) => containerPortOf(port, template.spec) === asked.port,
  );
  if (trigger.metadata.aggregateFromKubeServiceEndpoints === "true" && !isOwnPort) {
    return `KEDA asks each pod on port ${asked.port}, where it does not listen`;
  }
  // The HPA divides a total by the target: an average as AverageValue would shrink the more pods share the work.
  const { aggregationType = "average" } = trigger.metadata;
  const isAggregated = trigger.metadata.aggregateFromKubeServiceEndpoints === "true";
  if (isAggregated && trigger.metricType !== "Value" && aggregationType !== "sum") {
    return `${trigger.name} is AverageValue of ${aggregationType}: it has to be the sum`;
  }
  return undefined;
}
