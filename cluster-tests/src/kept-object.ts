import { parseQuantity } from "@burnline/charts";

/** Quantities are kept in another spelling: "0.5" as "500m". */
const QUANTITY = /^\d+(\.\d+)?(m|[KMGTP]i?|[kE])?$/;

/**
 * What of an object as it was applied is not in the object as the cluster keeps it, as "spec.replicas: 2, kept 3". What
 * the cluster adds is its own matter; what it leaves out or changes would differ at every look, and hide a real change.
 */
export function notKept(wanted: unknown, kept: unknown, path = ""): string[] {
  if (Array.isArray(wanted)) return listNotKept(wanted, kept, path);
  if (typeof wanted === "object" && wanted !== null) {
    const fields = typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
    return Object.entries(wanted).flatMap(([key, value]) =>
      isEmpty(value) ? [] : notKept(value, fieldOf(fields, key), path === "" ? key : `${path}.${key}`),
    );
  }
  return wanted === kept || isSameQuantity(wanted, kept)
    ? []
    : [`${path}: ${JSON.stringify(wanted)}, kept ${JSON.stringify(kept)}`];
}

/** The Kubernetes client renames what is a word of JavaScript, or none: "from" to "_from", "x-kubernetes-…" to "x_kubernetes_…". */
function fieldOf(fields: Readonly<Record<string, unknown>>, key: string): unknown {
  return fields[key] ?? fields[`_${key}`] ?? fields[key.replaceAll("-", "_")];
}

function listNotKept(wanted: readonly unknown[], kept: unknown, path: string): string[] {
  const items: readonly unknown[] = Array.isArray(kept) ? kept : [];
  if (items.length !== wanted.length) return [`${path}: ${wanted.length} items, kept ${items.length}`];
  return wanted.flatMap((item, index) => notKept(item, items[index], `${path}[${index}]`));
}

/** Nothing said: an API leaves it out or in as it likes. */
function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
}

function isSameQuantity(wanted: unknown, kept: unknown): boolean {
  const [one, other] = [String(wanted), String(kept)];
  return QUANTITY.test(one) && QUANTITY.test(other) && parseQuantity(one) === parseQuantity(other);
}
