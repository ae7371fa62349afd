import { createHash } from "node:crypto";
import { Secret, ServiceAccount } from "@pulumi/kubernetes/core/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../cluster/types.ts";
import type { PlatformConfig } from "../platform-config.ts";
import type { PlatformSecrets } from "../secrets.ts";

/** Where a part of the platform is made, and what for. */
export interface Place {
  readonly config: PlatformConfig;
  readonly cluster: Cluster;
  /** Known only once the namespace is there, so that nothing is made before it. */
  readonly namespace: pulumi.Output<string>;
  /** Absent: like any other pod. */
  readonly priorityClass?: pulumi.Output<string>;
}

/** Where servers of our own are made, whose configuration is made of the secrets. */
export interface SecretPlace extends Place {
  readonly secrets: PlatformSecrets;
}

/** Part of a pod's spec. */
export function priorityOf({ priorityClass }: Place): { readonly priorityClassName?: pulumi.Output<string> } {
  return priorityClass === undefined ? {} : { priorityClassName: priorityClass };
}

/** Every Kubernetes resource names its provider: nothing falls on the kubeconfig that happens to be current. */
export function inCluster(
  { cluster }: Place,
  options: pulumi.CustomResourceOptions = {},
): pulumi.CustomResourceOptions {
  return { provider: cluster.provider, ...options };
}

/** What cannot be made again from elsewhere. */
export function stateful(place: Place, options: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
  return inCluster(place, { protect: place.config.isProtected, ...options });
}

/** @param values secret all of them, whoever made them */
export function makeSecret(place: Place, name: string, values: Readonly<Record<string, pulumi.Input<string>>>): Secret {
  const encode = (value: string) => Buffer.from(value).toString("base64");
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, pulumi.secret(value).apply(encode)]),
  );
  return new Secret(
    name,
    { metadata: { name, namespace: place.namespace }, type: "Opaque", data },
    inCluster(place, { additionalSecretOutputs: ["data"] }),
  );
}

/** Whom pods are. Nobody in the cluster: they get no token, and nothing is granted to it. */
export function makeAccount(place: Place, name: string): ServiceAccount {
  return new ServiceAccount(
    name,
    { metadata: { name, namespace: place.namespace }, automountServiceAccountToken: false },
    inCluster(place),
  );
}

/** A Service is what it is, with or without ready pods: those are waited for where they are made. */
export const SKIP_AWAIT = { "pulumi.com/skipAwait": "true" } as const;

const HASH_HEX_DIGITS = 12;

/** Pods that carry it are started anew when what they read has changed. */
export function hashOf(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, HASH_HEX_DIGITS);
}
