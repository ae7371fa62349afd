/** What the rules read of a Kubernetes object; whatever else it has is not theirs. Objects come from YAML or from mocks. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly [field: string]: unknown;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export type Labels = Readonly<Record<string, string>>;

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly priorityClassName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly securityContext?: SecurityContext;
  readonly topologySpreadConstraints?: readonly {
    readonly topologyKey: string;
    readonly matchLabelKeys?: readonly string[];
    readonly labelSelector?: LabelSelector;
  }[];
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
}

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly seccompProfile?: { readonly type?: string };
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly hostPort?: number }[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly configMapRef?: Reference; readonly secretRef?: Reference }[];
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: {
    readonly preStop?: { readonly sleep?: { readonly seconds: number }; readonly exec?: unknown };
  };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

type Quantities = Readonly<Record<string, string | number>>;

interface Reference {
  readonly name: string;
  readonly optional?: boolean;
}

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly configMapKeyRef?: Reference; readonly secretKeyRef?: Reference };
}

export interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: string | number };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly sizeLimit?: string | number };
  readonly hostPath?: unknown;
  readonly configMap?: Reference;
  readonly secret?: { readonly secretName: string; readonly defaultMode?: number; readonly optional?: boolean };
  readonly projected?: {
    readonly defaultMode?: number;
    readonly sources?: readonly { readonly secret?: Reference; readonly configMap?: Reference }[];
  };
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

/** Something that a rule does not allow. */
export interface Violation {
  /** Name of the rule. */
  readonly rule: string;
  /** Deployment/burnline-gateway. */
  readonly object: string;
  /** What is wrong, and with which field. */
  readonly text: string;
}

export const nameOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;

/** Namespaces are compared where they are given; a chart may leave them to whoever installs it. */
export function isSameNamespace(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.namespace === b.metadata.namespace;
}

/** A set of pods that an object makes: what they look like and how they are called. */
export interface PodSet {
  readonly owner: KubeObject;
  readonly template: PodTemplate;
}

export function podSets(objects: readonly KubeObject[]): PodSet[] {
  return objects.flatMap((owner) => {
    const template = podTemplateOf(owner);
    return template === undefined ? [] : [{ owner, template }];
  });
}

function podTemplateOf({ kind, spec, metadata }: KubeObject): PodTemplate | undefined {
  switch (kind) {
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "ReplicaSet":
    case "Job":
      return (spec as { template: PodTemplate }).template;
    case "CronJob":
      return (spec as { jobTemplate: { spec: { template: PodTemplate } } }).jobTemplate.spec.template;
    case "Pod":
      return { metadata, spec: spec as PodSpec };
    default:
      return undefined;
  }
}

/** Whether labels are selected; an empty selector takes all, as Kubernetes does it. */
export function selects(selector: LabelSelector, labels: Labels = {}): boolean {
  const isEqual = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return isEqual && (selector.matchExpressions ?? []).every((expression) => meets(expression, labels));
}

function meets(
  { key, operator, values = [] }: NonNullable<LabelSelector["matchExpressions"]>[number],
  labels: Labels,
): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
