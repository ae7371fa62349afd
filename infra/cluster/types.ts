import type { Provider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { App } from "../app-names.ts";

/** A NetworkPolicyPeer. */
export type Peer = Readonly<Record<string, unknown>>;

/** A Redis or Valkey that the cloud runs. */
export interface ManagedRedis {
  /** With user and password: a secret. */
  readonly url: pulumi.Output<string>;
  readonly cidrs: readonly string[];
  readonly port: number;
  readonly ready: readonly pulumi.Resource[];
}

/** What a cluster that is made here has to know of the rest. */
export interface ClusterRequest {
  /** First part of every name in the cloud. */
  readonly name: string;
  /** Which stack this is, for tags. */
  readonly stack: string;
  readonly namespace: string;
  /** Service accounts of the pods that write to the bucket. */
  readonly bucketUsers: readonly string[];
  /** Absent: there are no servers of our own. */
  readonly redisPassword?: string;
  readonly isProtected: boolean;
  readonly isProd: boolean;
  /** What all pods ask for when autoscaling has made all of them. */
  readonly coresMax: number;
}

/** What a cloud says before anything is made in it. */
export interface AccountAnswer {
  /** What it would refuse half-way: a sentence each, with what to do. */
  readonly problems: readonly string[];
  /** What it does not tell: a sentence each. */
  readonly warnings: readonly string[];
}

/** A cluster that is not made yet. */
export interface ClusterPlan {
  /** Asks what the cloud's account allows. Nothing but a provider is registered for it. Absent: nobody is asked. */
  readonly askAccount?: () => Promise<AccountAnswer>;
  readonly make: () => Cluster;
}

/** What the rest of the program knows of a cluster, whoever made it. */
export interface Cluster {
  /** Its address is known before anything is made. */
  readonly isThere: boolean;
  readonly provider: Provider;
  /** A secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Absent: the cluster's default. */
  readonly storageClass?: string;
  /** Absent: what the configuration says. */
  readonly ingressClass?: string;
  /** For the cloud's balancer: WebSockets outlive its usual patience. */
  readonly ingressAnnotations: Readonly<Record<string, string>>;
  /** Of the balancer: network policies let nobody else in. Empty: anybody. */
  readonly clientCidrs: readonly string[];
  /** Who answers for names besides the pods of kube-dns. */
  readonly dnsPeers: readonly Peer[];
  /** Bucket for snapshots, with an identity of their own for the pods that write there. */
  readonly bucket?: { readonly name: pulumi.Output<string>; readonly region: string };
  /** By app, for clouds that tie identities to service accounts by annotation. */
  readonly serviceAccountAnnotations: Readonly<Partial<Record<App, Readonly<Record<string, pulumi.Input<string>>>>>>;
  readonly redis?: ManagedRedis;
  /** Somebody else brought the definition of a Race. */
  readonly hasRaces: boolean;
  /** What has to be there before anything runs. */
  readonly ready: readonly pulumi.Resource[];
  /** Commands, for the stack's outputs. */
  readonly outputs: Readonly<Record<string, pulumi.Input<string>>>;
}
