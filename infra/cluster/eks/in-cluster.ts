import { CustomResource } from "@pulumi/kubernetes/apiextensions/index.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/index.js";
import { IngressClass } from "@pulumi/kubernetes/networking/v1/index.js";
import type { Provider } from "@pulumi/kubernetes/provider.js";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { EksBase } from "./base.ts";

export const STORAGE_CLASS = "burnline-gp3";
export const INGRESS_CLASS = "alb";
/** A dashboard that sees nothing change is sent a ping long before. */
const IDLE_SECONDS = 3_600;
/** Not less than the gateway takes to say goodbye to its clients (charts/burnline, gateway.drain: 45 s in all). */
const DEREGISTRATION_SECONDS = 60;

/** Encrypted gp3 volumes, in the zone where the pod is. */
export function gp3Storage({ config, isProtected }: EksBase, provider: Provider): StorageClass {
  return new StorageClass(
    STORAGE_CLASS,
    {
      metadata: { name: STORAGE_CLASS, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: config.nodes === "auto" ? "ebs.csi.eks.amazonaws.com" : "ebs.csi.aws.com",
      parameters: { type: "gp3", encrypted: "true" },
      ...{ volumeBindingMode: "WaitForFirstConsumer", allowVolumeExpansion: true },
      reclaimPolicy: isProtected ? "Retain" : "Delete",
    },
    { provider },
  );
}

/** What Auto Mode has built in and leaves off until it is told: balancers and network policies. */
export function autoModeParts({ config }: EksBase, provider: Provider): pulumi.Resource[] {
  const apiVersion = "eks.amazonaws.com/v1";
  const parameters = new CustomResource(
    INGRESS_CLASS,
    {
      ...{ apiVersion, kind: "IngressClassParams", metadata: { name: INGRESS_CLASS } },
      spec: {
        scheme: "internet-facing",
        // Or a WebSocket over which nothing went for a minute is cut.
        loadBalancerAttributes: [
          { key: "idle_timeout.timeout_seconds", value: String(IDLE_SECONDS) },
          { key: "routing.http.drop_invalid_header_fields.enabled", value: "true" },
        ],
        ...(config.certificateArn === undefined ? {} : { certificateARNs: [config.certificateArn] }),
      },
    },
    { provider },
  );
  const ingressClass = new IngressClass(
    INGRESS_CLASS,
    {
      metadata: { name: INGRESS_CLASS },
      spec: {
        controller: "eks.amazonaws.com/alb",
        parameters: { apiGroup: "eks.amazonaws.com", kind: "IngressClassParams", name: INGRESS_CLASS },
      },
    },
    { provider, dependsOn: [parameters] },
  );
  const policies = new ConfigMap(
    "amazon-vpc-cni",
    {
      metadata: { name: "amazon-vpc-cni", namespace: "kube-system" },
      data: { "enable-network-policy-controller": "true" },
    },
    { provider },
  );
  return [ingressClass, policies];
}

/** Of each Ingress; what belongs to the balancer itself is in IngressClassParams. */
export function albAnnotations(): Record<string, string> {
  const alb = "alb.ingress.kubernetes.io";
  return {
    // Straight to the pods: a node in between would keep a connection to a pod that has gone.
    [`${alb}/target-type`]: "ip",
    [`${alb}/healthcheck-path`]: "/healthz/ready",
    [`${alb}/listen-ports`]: '[{"HTTP":80},{"HTTPS":443}]',
    [`${alb}/ssl-redirect`]: "443",
    [`${alb}/target-group-attributes`]: `deregistration_delay.timeout_seconds=${DEREGISTRATION_SECONDS}`,
  };
}
