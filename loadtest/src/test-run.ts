import { z } from "zod";

// What k6-operator documents of a TestRun (k6.io/v1alpha1): its types in api/v1alpha1/testrun_types.go and
// docs/crd-generated.md, https://github.com/grafana/k6-operator, v1. Strict: a misspelt field is dropped by the API server
// in silence. Of the fields that Kubernetes itself defines, only what our manifests use.

const quantity = z.union([z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/), z.number()]);
const resources = z.strictObject({
  requests: z.strictObject({ cpu: quantity, memory: quantity }),
  limits: z.strictObject({ cpu: quantity.optional(), memory: quantity }),
});
const variable = z.union([
  z.strictObject({ name: z.string().regex(/^[A-Z][A-Z0-9_]*$/), value: z.string() }),
  z.strictObject({
    name: z.string(),
    valueFrom: z.strictObject({
      secretKeyRef: z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() }),
    }),
  }),
]);

/** PodSecurity "restricted", https://kubernetes.io/docs/concepts/security/pod-security-standards: what a pod has to say. */
const restrictedPod = z.strictObject({
  runAsNonRoot: z.literal(true),
  runAsUser: z.int().min(1),
  runAsGroup: z.int().min(1),
  fsGroup: z.int().min(1).optional(),
  seccompProfile: z.strictObject({ type: z.literal("RuntimeDefault") }),
});
const restrictedContainer = z.strictObject({
  allowPrivilegeEscalation: z.literal(false),
  readOnlyRootFilesystem: z.literal(true),
  capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
});

const pod = z.strictObject({
  /** The initializer's alone. */
  disabled: z.boolean().optional(),
  image: z
    .string()
    .regex(/:[\w.-]+$/)
    .optional(),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
  /** A string in the resource, not a boolean. */
  automountServiceAccountToken: z.literal("false"),
  serviceAccountName: z.string().optional(),
  env: z.array(variable).optional(),
  nodeSelector: z.record(z.string(), z.string()).optional(),
  resources,
  securityContext: restrictedPod,
  containerSecurityContext: restrictedContainer,
});

/** A ConfigMap key; k6 takes a script or an archive. */
const scriptFile = z.string().regex(/^[\w.-]+\.(js|ts|tar)$/);

export const testRunSchema = z.strictObject({
  apiVersion: z.literal("k6.io/v1alpha1"),
  kind: z.literal("TestRun"),
  metadata: z.strictObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.strictObject({
    parallelism: z.int().min(1).max(1_000),
    separate: z.boolean().optional(),
    cleanup: z.literal("post").optional(),
    /** Strings, both. */
    quiet: z.enum(["true", "false"]).optional(),
    paused: z.enum(["true", "false"]).optional(),
    arguments: z.string().optional(),
    script: z.strictObject({ configMap: z.strictObject({ name: z.string(), file: scriptFile }) }),
    initializer: pod,
    starter: pod,
    runner: pod,
  }),
});
