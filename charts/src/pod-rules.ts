import { type KubeObject, type Labels, nameOf, type PodSpec, podSets, type Violation } from "./kube-object.ts";

export interface PodContext {
  readonly spec: PodSpec;
  readonly labels: Labels;
}

/** What a rule cannot know from the pod alone. */
export interface PodPolicy {
  /** Pods that talk to Kubernetes, by their labels: the operator. */
  readonly usesKubernetes: (labels: Labels) => boolean;
  /** Production: no image without a digest. */
  readonly requireDigest: boolean;
  /** How long the process may take to stop once it is told, by its own deadlines. */
  readonly stopSecondsMax: (labels: Labels) => number;
}

/** A law that holds for one pod. */
export interface PodRule {
  readonly name: string;
  /** A text for each thing that is wrong. */
  readonly faults: (pod: PodContext, policy: PodPolicy) => readonly string[];
}

const DEFAULT_POLICY: PodPolicy = {
  usesKubernetes: (labels) => labels["app.kubernetes.io/component"] === "operator",
  requireDigest: false,
  stopSecondsMax: () => 0,
};

/** What the pods of these objects do against the rules. */
export function podViolations(
  objects: readonly KubeObject[],
  rules: readonly PodRule[],
  policy: Partial<PodPolicy> = {},
): Violation[] {
  const whole = { ...DEFAULT_POLICY, ...policy };
  return podSets(objects).flatMap(({ owner, template: { spec, metadata } }) =>
    rules.flatMap((rule) =>
      rule
        .faults({ spec, labels: metadata?.labels ?? {} }, whole)
        .map((text) => ({ rule: rule.name, object: nameOf(owner), text })),
    ),
  );
}
