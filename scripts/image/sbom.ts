import { createHash } from "node:crypto";

interface Bom {
  serialNumber?: string;
  metadata?: { timestamp?: string; component?: { name?: string } };
  [key: string]: unknown;
}

/**
 * What npm listed, made repeatable: npm puts the time, a random number and the name of the folder into it, and then two
 * lists of the same parts differ.
 * @param committedAt when the commit that is built was made
 */
export function repeatableSbom(listed: string, app: string, committedAt: string): string {
  const bom: Bom = JSON.parse(listed);
  const { component, ...metadata } = bom.metadata ?? {};
  const named = { ...metadata, timestamp: committedAt, component: { ...component, name: `burnline-${app}` } };
  const rest = { ...bom, metadata: named, serialNumber: "" };
  return `${JSON.stringify({ ...rest, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(rest))}` }, null, 2)}\n`;
}

export function sha256Of(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** A UUID of version 8 (RFC 9562): its maker says how its bits come about, here from the contents. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
