import type * as pulumi from "@pulumi/pulumi";

/** Which stack an object belongs to: by it a second stack sees that a namespace is taken. */
export const STACK_LABEL = "burnline.dev/stack";
const LABEL_LENGTH_MAX = 63;

/** @param stackName organisation, project and stack as Pulumi knows them */
export function stackLabel(stackName: string): string {
  return stackName
    .replaceAll(/[^A-Za-z0-9_.-]/g, ".")
    .slice(-LABEL_LENGTH_MAX)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

/** Of the namespace alone: the same stack name in another backend of Pulumi is another stack, with other secrets. */
export const SECRETS_LABEL = "burnline.dev/secrets";

/** Whose a namespace is. */
export interface Owner {
  readonly stack: string;
  /** Which secrets it has: PlatformSecrets.generation. */
  readonly secrets: string;
}

export function ownerLabels({ stack, secrets }: Owner): Readonly<Record<string, string>> {
  return { [STACK_LABEL]: stack, [SECRETS_LABEL]: secrets };
}

type Metadata = { readonly labels?: unknown } & Readonly<Record<string, unknown>>;

/** Labels for every Kubernetes object, those of charts too; what an object says itself stays. */
export function labelEverything(stack: string): pulumi.ResourceTransform {
  const labels = { "app.kubernetes.io/managed-by": "pulumi", [STACK_LABEL]: stack };
  return ({ custom, type, props, opts }) => {
    if (!custom || !type.startsWith("kubernetes:")) return undefined;
    const { metadata } = props as { metadata?: Metadata };
    // A value that is not known yet has no place to put a label.
    if (metadata === undefined || !isPlain(metadata) || !isPlain(metadata.labels ?? {})) return undefined;
    return { props: { ...props, metadata: { ...metadata, labels: { ...labels, ...(metadata.labels ?? {}) } } }, opts };
  };
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
