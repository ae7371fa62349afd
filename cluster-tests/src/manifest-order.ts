import type { Manifest, ObjectKey } from "./kube.ts";

/** Kinds that others need to be there; all others come after them, in the order that they were given. */
const FIRST = [
  "CustomResourceDefinition",
  "Namespace",
  "PriorityClass",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "NetworkPolicy",
  "Secret",
  "ConfigMap",
  "Service",
  "StatefulSet",
  "Deployment",
];

export function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const rank = ({ kind = "" }: Manifest) => (FIRST.includes(kind) ? FIRST.indexOf(kind) : FIRST.length);
  return manifests.toSorted((a, b) => rank(a) - rank(b));
}

export function keyOf({ apiVersion = "", kind = "", metadata }: Manifest): ObjectKey {
  const { name = "", namespace } = metadata ?? {};
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

export function textOf({ kind, name, namespace }: ObjectKey): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
