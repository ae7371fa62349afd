import type * as pulumi from "@pulumi/pulumi";
import type { Peer } from "../cluster/types.ts";

/** What has to be there first, known or not. */
export type Ready = pulumi.Input<pulumi.Resource>;

/** NATS as the apps and KEDA find it, whoever runs it. */
export interface NatsPlace {
  readonly url: string;
  /** Where /jsz is. */
  readonly monitoringUrl: string;
  /** Of JetStream, for KEDA. */
  readonly account: string;
  /** Secret with a seed per app; absent: no authentication. */
  readonly authSecret?: string;
  readonly caSecret?: string;
  readonly peers: readonly Peer[];
  readonly port: number;
  readonly monitoringPort: number;
  readonly ready: readonly Ready[];
}

/** Redis or Valkey as the apps find it. Its address is in a Secret, under `url`. */
export interface RedisPlace {
  readonly urlSecret: string;
  readonly caSecret?: string;
  readonly peers: readonly Peer[];
  readonly ports: readonly number[];
  readonly ready: readonly Ready[];
}

export const NATS_AUTH_SECRET = "burnline-nats-users";
export const REDIS_URL_SECRET = "burnline-redis";
export const INGEST_TOKEN_SECRET = "burnline-ingest";
/** Keys of the gateways, `keys`. */
export const VIEWER_KEYS_SECRET = "burnline-viewers";

/** Pods of a namespace's own, by the name that their chart gives them. */
export function podsNamed(name: string): Peer {
  return { podSelector: { matchLabels: { "app.kubernetes.io/name": name } } };
}

/** Of the apps of a race, those named. */
export function appPods(...apps: readonly string[]): Peer {
  return {
    podSelector: {
      matchLabels: { "app.kubernetes.io/name": "burnline" },
      matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: [...apps] }],
    },
  };
}

export function podsOfNamespace(namespace: string): Peer {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } };
}
