import { createHash, hkdfSync } from "node:crypto";
import { type PerApp, perApp } from "./app-names.ts";
import { toUserKey, type UserKey } from "./nkeys.ts";

/** A new version gives new secrets to every stack: raise it only to replace them all. */
const SALT = "burnline/secrets/1";
const SECRET_BYTES = 32;
const GENERATION_HEX_DIGITS = 8;

/** Everything secret that the platform's parts share, made of one secret, so that nothing has to be kept between runs. */
export interface PlatformSecrets {
  readonly natsUsers: PerApp<UserKey>;
  /** NATS servers among themselves. */
  readonly natsRoutePassword: string;
  readonly redisPassword: string;
  /** Bearer token of whoever pushes telemetry. */
  readonly ingestToken: string;
  /** Signs the tokens of viewers. */
  readonly viewerKey: string;
  readonly grafanaPassword: string;
  /** Not secret: changes with the secrets, so that pods that read them can be started anew. */
  readonly generation: string;
}

/**
 * HKDF-SHA-256 (RFC 5869) with one name per secret: from one of them neither the master secret nor another one can be
 * computed. @param scope whatever must not share secrets with another stack of the same master secret: the namespace
 */
export function deriveSecrets(masterSecret: string, scope: string): PlatformSecrets {
  const derive = (name: string) =>
    Buffer.from(hkdfSync("sha256", masterSecret, SALT, `${scope}/${name}`, SECRET_BYTES));
  return {
    natsUsers: perApp((app) => toUserKey(derive(`nats-user/${app}`))),
    natsRoutePassword: derive("nats-route").toString("base64url"),
    redisPassword: derive("redis").toString("base64url"),
    ingestToken: derive("ingest-token").toString("base64url"),
    viewerKey: derive("viewers").toString("base64url"),
    grafanaPassword: derive("grafana").toString("base64url"),
    generation: createHash("sha256").update(derive("generation")).digest("hex").slice(0, GENERATION_HEX_DIGITS),
  };
}
