import type { KubeObject, Violation } from "./kube-object.ts";
import { nameOf } from "./kube-object.ts";

/** What a rule cannot know from the objects alone. */
export interface SetPolicy {
  /** What others make, as Secret/burnline-redis. */
  readonly external: readonly string[];
  readonly kedaNamespace: string;
  readonly monitoringNamespace: string;
  /** Fewer pods of what is scaled are not enough for a race; a trial does with 1. */
  readonly scaledReplicasMin: number;
}

/** A law that holds for objects together. */
export interface SetRule {
  readonly name: string;
  readonly faults: (objects: readonly KubeObject[], policy: SetPolicy) => readonly Fault[];
}

interface Fault {
  readonly object: KubeObject;
  readonly text: string;
}

const DEFAULT_POLICY: SetPolicy = {
  external: [],
  ...{ kedaNamespace: "keda", monitoringNamespace: "monitoring" },
  scaledReplicasMin: 2,
};

/** What these objects, which are applied together, do against the rules. */
export function setViolations(
  objects: readonly KubeObject[],
  rules: readonly SetRule[],
  policy: Partial<SetPolicy> = {},
): Violation[] {
  const whole = { ...DEFAULT_POLICY, ...policy };
  return rules.flatMap((rule) =>
    rule.faults(objects, whole).map(({ object, text }) => ({ rule: rule.name, object: nameOf(object), text })),
  );
}

export const ofKind = (objects: readonly KubeObject[], ...kinds: readonly string[]): KubeObject[] =>
  objects.filter(({ kind }) => kinds.includes(kind));
