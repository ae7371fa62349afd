import { NETWORK_RULES } from "./network-rules.ts";
import { POD_DELIVERY_RULES } from "./pod-delivery-rules.ts";
import { POD_SECURITY_RULES } from "./pod-security-rules.ts";
import { REFERENCE_RULES } from "./reference-rules.ts";
import { SCALING_RULES } from "./scaling-rules.ts";
import type { SetRule } from "./set-rules.ts";
import { WORKLOAD_RULES } from "./workload-rules.ts";

export type { KubeObject, Violation } from "./kube-object.ts";
export { type PodPolicy, type PodRule, podViolations } from "./pod-rules.ts";
export { parseQuantity } from "./quantity.ts";
export { schemaViolations } from "./schema-rules.ts";
export { type SetPolicy, type SetRule, setViolations } from "./set-rules.ts";
export { NETWORK_RULES, POD_DELIVERY_RULES, POD_SECURITY_RULES, REFERENCE_RULES, SCALING_RULES, WORKLOAD_RULES };

/** All rules that hold for objects together. */
export const SET_RULES: readonly SetRule[] = [
  ...WORKLOAD_RULES,
  ...REFERENCE_RULES,
  ...SCALING_RULES,
  ...NETWORK_RULES,
];
