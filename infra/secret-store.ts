import { createHash } from "node:crypto";

/** Where External Secrets fetches credentials that this program never sees. */
export interface SecretStore {
  readonly name: string;
  readonly kind: "ClusterSecretStore" | "SecretStore";
  /** Entries are PREFIX/NAME-OF-THE-SECRET. */
  readonly prefix: string;
}

/** Version of the kinds that the chart makes. */
export const SECRET_STORE_API = "external-secrets.io/v1";

const GENERATION_HEX_DIGITS = 8;

/** Of what a store holds nobody here knows when it changes: another place is another generation (secrets.ts). */
export function storeGeneration({ name, kind, prefix }: SecretStore): string {
  return createHash("sha256").update([kind, name, prefix].join("\0")).digest("hex").slice(0, GENERATION_HEX_DIGITS);
}
