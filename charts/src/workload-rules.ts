import { isSameNamespace, type KubeObject, type LabelSelector, podSets, selects } from "./kube-object.ts";
import { ofKind, type SetRule } from "./set-rules.ts";

interface WorkloadSpec {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly selector: LabelSelector;
  readonly strategy?: { readonly rollingUpdate?: { readonly maxSurge?: unknown; readonly maxUnavailable?: unknown } };
}

interface BudgetSpec {
  readonly selector: LabelSelector;
  readonly maxUnavailable?: unknown;
  readonly unhealthyPodEvictionPolicy?: string;
}

const workloadSpec = ({ spec }: KubeObject) => spec as WorkloadSpec;
const budgetSpec = ({ spec }: KubeObject) => spec as BudgetSpec;
const workloads = (objects: readonly KubeObject[]) =>
  podSets(objects).filter(({ owner }) => ["Deployment", "StatefulSet"].includes(owner.kind));

/** How workloads roll, and how few of their pods may be away. */
export const WORKLOAD_RULES: readonly SetRule[] = [
  {
    name: "a name is given once",
    faults: (objects) => {
      const seen = new Set<string>();
      return objects.flatMap((object) => {
        const key = [object.apiVersion, object.kind, object.metadata.namespace, object.metadata.name].join(" ");
        if (!seen.has(key)) {
          seen.add(key);
          return [];
        }
        return [{ object, text: "another object has this kind and name" }];
      });
    },
  },
  {
    name: "a workload selects its own pods and no others",
    faults: (objects) =>
      workloads(objects).flatMap(({ owner, template }) => {
        const { selector } = workloadSpec(owner);
        if (!selects(selector, template.metadata?.labels)) {
          return [{ object: owner, text: "its selector does not match its pods' labels" }];
        }
        const others = workloads(objects)
          .filter((other) => other.owner !== owner && isSameNamespace(other.owner, owner))
          .filter((other) => selects(selector, other.template.metadata?.labels));
        return others.map((other) => ({
          object: owner,
          text: `its selector takes pods of ${other.owner.metadata.name}`,
        }));
      }),
  },
  {
    name: "an update leaves no gap",
    faults: (objects) =>
      ofKind(objects, "Deployment").flatMap((object) => {
        const { strategy, minReadySeconds = 0 } = workloadSpec(object);
        const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
        return [
          ...(maxUnavailable === 0 && maxSurge === 1
            ? []
            : [{ object, text: "maxUnavailable is not 0 with maxSurge 1" }]),
          ...(minReadySeconds > 0 ? [] : [{ object, text: "minReadySeconds is not above 0" }]),
        ];
      }),
  },
  {
    name: "a disruption takes one pod at a time",
    faults: (objects) =>
      workloads(objects).flatMap(({ owner, template }) => {
        const budgets = ofKind(objects, "PodDisruptionBudget")
          .filter((budget) => isSameNamespace(budget, owner))
          .filter((budget) => selects(budgetSpec(budget).selector, template.metadata?.labels));
        const [budget] = budgets;
        // Of one pod none can be kept.
        if (budget === undefined && workloadSpec(owner).replicas === 1) return [];
        if (budget === undefined || budgets.length > 1) {
          return [{ object: owner, text: `${budgets.length} PodDisruptionBudgets select its pods, not one` }];
        }
        const { maxUnavailable, unhealthyPodEvictionPolicy } = budgetSpec(budget);
        return maxUnavailable === 1 && unhealthyPodEvictionPolicy === "AlwaysAllow"
          ? []
          : [{ object: budget, text: "maxUnavailable is not 1 with unhealthyPodEvictionPolicy AlwaysAllow" }];
      }),
  },
];
