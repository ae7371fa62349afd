import type { Provider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { App } from "../app-names.ts";

/** What a managed Redis or Valkey of the cloud gives us. */
export interface ManagedRedis {
  /** With user and password. */
  readonly url: pulumi.Output<string>;
  readonly cidrs: readonly string[];
}

/** What the rest of the program knows of a cluster, whoever made it. */
export interface Cluster {
  readonly provider: Provider;
  /** A secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Absent: the cluster's default. */
  readonly storageClass?: string;
  /** Absent: what the configuration says. */
  readonly ingressClass?: string;
  /** For the cloud's balancer: WebSockets live longer than its default patience. */
  readonly ingressAnnotations: Readonly<Record<string, string>>;
  /** Of the balancer: network policies let nobody else in. Empty: anybody. */
  readonly clientCidrs: readonly string[];
  /** Bucket for snapshots, with an identity of its own for the pods that write there. */
  readonly bucket?: { readonly name: pulumi.Output<string>; readonly region: string };
  /** By app, for clouds that tie identities to service accounts by annotation. */
  readonly serviceAccountAnnotations: Readonly<Partial<Record<App, Readonly<Record<string, pulumi.Input<string>>>>>>;
  readonly redis?: ManagedRedis;
  /** What has to be there before anything runs. */
  readonly ready: readonly pulumi.Resource[];
  /** Commands and names for the stack's outputs. */
  readonly outputs: Readonly<Record<string, pulumi.Input<string>>>;
}
