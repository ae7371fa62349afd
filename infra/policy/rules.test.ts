import { describe, expect, test } from "vitest";
import { captureProgram, GOOD_FACTS } from "../testing.ts";
import { CLOUD_RULES } from "./cloud-rules.ts";
import { CLUSTER_RULES } from "./cluster-rules.ts";
import { POD_RULES } from "./pod-rules.ts";
import type { CheckedResource } from "./rule.ts";

const RULES = [...POD_RULES, ...CLUSTER_RULES, ...CLOUD_RULES];
type Props = CheckedResource["props"];
type Case = Partial<CheckedResource> & Pick<CheckedResource, "type">;

const SHA = `sha256:${"0".repeat(64)}`;
const GOOD_CONTAINER = {
  ...{ name: "app", image: `ghcr.io/burnline/app@${SHA}`, resources: { limits: { memory: "1Gi" } } },
  securityContext: {
    ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  },
};
const GOOD_POD = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
};
const labels = { "app.kubernetes.io/name": "burnline", "app.kubernetes.io/component": "gateway" };
const pod = (changes: Props, container: Props = {}, podLabels: Props = labels): Case => ({
  type: "kubernetes:apps/v1:Deployment",
  props: {
    spec: {
      template: {
        metadata: { labels: podLabels },
        spec: { ...GOOD_POD, containers: [{ ...GOOD_CONTAINER, ...container }], ...changes },
      },
    },
  },
});
const withSecurity = (changes: Props) =>
  pod({}, { securityContext: { ...GOOD_CONTAINER.securityContext, ...changes } });
const iam = (statement: Props): Case => ({
  type: "aws:iam/rolePolicy:RolePolicy",
  props: { policy: JSON.stringify({ Statement: [statement] }) },
});
const bucketPolicy = (statement: Props): Case => ({
  type: "aws:s3/bucketPolicy:BucketPolicy",
  props: { policy: JSON.stringify({ Statement: [statement] }) },
});
const eks = (changes: Props): Case => ({
  type: "aws:eks/cluster:Cluster",
  isProtected: true,
  props: {
    vpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ["198.51.100.0/24"] },
    ...{ encryptionConfig: { resources: ["secrets"] }, ...changes },
  },
});
const kube = (kind: string, props: Props): Case => ({ type: `kubernetes:${kind}`, props });
const blocked = (isOn: boolean): Case => ({
  type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  props: { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: isOn },
});

/** For each rule what it refuses and what it lets pass. */
const CASES: Readonly<Record<string, { readonly bad: readonly Case[]; readonly good: readonly Case[] }>> = {
  "restricted-pods": {
    bad: [
      pod({ hostNetwork: true }),
      pod({ hostPID: true }),
      pod({ volumes: [{ name: "disk", hostPath: { path: "/" } }] }),
      pod({ securityContext: { runAsNonRoot: true } }),
      pod({ securityContext: { seccompProfile: { type: "RuntimeDefault" } } }),
      withSecurity({ allowPrivilegeEscalation: true }),
      withSecurity({ readOnlyRootFilesystem: undefined }),
      withSecurity({ capabilities: { drop: ["NET_RAW"] } }),
      pod({ initContainers: [{ name: "init", image: "init:1" }] }),
    ],
    // A pod of somebody else's is held by its namespace.
    good: [pod({}), pod({ hostNetwork: true }, {}, { "app.kubernetes.io/name": "grafana" })],
  },
  "no-api-tokens": {
    bad: [pod({ automountServiceAccountToken: undefined }), pod({ automountServiceAccountToken: true })],
    good: [
      pod({}),
      pod({ automountServiceAccountToken: true }, {}, { ...labels, "app.kubernetes.io/component": "operator" }),
    ],
  },
  "bounded-memory": {
    bad: [pod({}, { resources: { requests: { memory: "1Gi" } } }), pod({}, { resources: undefined })],
    good: [pod({})],
  },
  "pinned-images": {
    bad: [pod({}, { image: "nats" }), pod({}, { image: "nats:latest" }), pod({}, { image: "registry:5000/nats" })],
    good: [pod({}), pod({}, { image: "registry:5000/nats:2.14" })],
  },
  "named-providers": {
    bad: [{ type: "kubernetes:core/v1:Secret", providerName: "default_4_32_0" }],
    good: [{ type: "kubernetes:core/v1:Secret", providerName: "cluster" }, { type: "pulumi:pulumi:Stack" }],
  },
  "no-secrets-in-the-clear": {
    bad: [
      kube("core/v1:ConfigMap", { data: { url: "redis://burnline:password@redis:6379/0" } }),
      kube("core/v1:ConfigMap", { data: { seed: `SU${"A".repeat(56)}` } }),
      kube("apps/v1:Deployment", { spec: { env: "-----BEGIN EC PRIVATE KEY-----" } }),
    ],
    good: [
      kube("core/v1:ConfigMap", { data: { url: "nats://nats:4222,nats://other:4222", mail: "a@b.example" } }),
      kube("core/v1:Secret", { data: { url: "redis://burnline:password@redis:6379/0" } }),
    ],
  },
  "no-open-load-balancers": {
    bad: [kube("core/v1:Service", { spec: { type: "LoadBalancer" } })],
    good: [
      kube("core/v1:Service", { spec: { type: "ClusterIP" } }),
      kube("core/v1:Service", { spec: { type: "LoadBalancer", loadBalancerSourceRanges: ["198.51.100.0/24"] } }),
    ],
  },
  "narrow-roles": {
    bad: [
      kube("rbac.authorization.k8s.io/v1:Role", { metadata: { name: "burnline-operator" }, rules: [{ verbs: ["*"] }] }),
    ],
    good: [
      kube("rbac.authorization.k8s.io/v1:Role", {
        ...{ metadata: { name: "burnline-operator" }, rules: [{ verbs: ["get"], resources: ["races"] }] },
      }),
      kube("rbac.authorization.k8s.io/v1:ClusterRole", { metadata: { name: "keda" }, rules: [{ verbs: ["*"] }] }),
    ],
  },
  "guarded-namespaces": {
    bad: [kube("core/v1:Namespace", { metadata: { labels: {} } })],
    good: [kube("core/v1:Namespace", { metadata: { labels: { "pod-security.kubernetes.io/enforce": "restricted" } } })],
  },
  "encrypted-volumes": {
    bad: [kube("storage.k8s.io/v1:StorageClass", { provisioner: "ebs.csi.aws.com", parameters: { type: "gp3" } })],
    good: [
      kube("storage.k8s.io/v1:StorageClass", { provisioner: "ebs.csi.aws.com", parameters: { encrypted: "true" } }),
      kube("storage.k8s.io/v1:StorageClass", { provisioner: "rancher.io/local-path" }),
    ],
  },
  "protected-state": {
    bad: [{ type: "aws:s3/bucket:Bucket" }, { type: "kubernetes:apps/v1:StatefulSet" }],
    good: [{ type: "aws:s3/bucket:Bucket", isProtected: true }, { type: "kubernetes:apps/v1:Deployment" }],
  },
  "closed-api": {
    bad: [
      eks({ vpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ["0.0.0.0/0"] } }),
      eks({ vpcConfig: {} }),
      {
        type: "gcp:container/cluster:Cluster",
        props: { masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "0.0.0.0/0" }] } },
      },
      { type: "azure-native:containerservice:ManagedCluster", props: {} },
    ],
    good: [eks({}), eks({ vpcConfig: { endpointPublicAccess: false } })],
  },
  "closed-groups": {
    bad: [
      { type: "aws:ec2/securityGroup:SecurityGroup", props: { ingress: [{ cidrBlocks: ["0.0.0.0/0"] }] } },
      { type: "aws:ec2/securityGroup:SecurityGroup", props: { ingress: [{ ipv6CidrBlocks: ["::/0"] }] } },
    ],
    good: [{ type: "aws:ec2/securityGroup:SecurityGroup", props: { ingress: [{ cidrBlocks: ["10.40.0.0/16"] }] } }],
  },
  "closed-buckets": {
    bad: [
      blocked(false),
      bucketPolicy({ Effect: "Allow", Principal: "*", Action: "s3:GetObject" }),
      bucketPolicy({ Effect: "Allow", Principal: { AWS: "*" }, Action: "s3:GetObject" }),
    ],
    good: [blocked(true), bucketPolicy({ Effect: "Deny", Principal: "*", Action: "s3:*" })],
  },
  "encrypted-stores": {
    bad: [
      eks({ encryptionConfig: undefined }),
      {
        type: "aws:elasticache/replicationGroup:ReplicationGroup",
        props: { transitEncryptionEnabled: true, atRestEncryptionEnabled: false },
      },
      {
        type: "aws:ec2/launchTemplate:LaunchTemplate",
        props: { blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: {} }] },
      },
    ],
    good: [eks({})],
  },
  "narrow-policies": {
    bad: [
      iam({ Effect: "Allow", Action: "*", Resource: "arn:aws:s3:::one/*" }),
      iam({ Effect: "Allow", Action: ["s3:*"], Resource: "arn:aws:s3:::one/*" }),
      iam({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }),
    ],
    good: [
      iam({ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::one/*" }),
      iam({ Effect: "Deny", Action: "*", Resource: "*" }),
    ],
  },
  "ending-logs": {
    bad: [{ type: "aws:cloudwatch/logGroup:LogGroup", props: {} }],
    good: [{ type: "aws:cloudwatch/logGroup:LogGroup", props: { retentionInDays: 90 } }],
  },
};

const whole = ({ props = {}, ...rest }: Case): CheckedResource => ({ name: "it", isProtected: false, ...rest, props });

test("every rule is shown what it refuses and what it lets pass", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(RULES.map(({ name }) => name).toSorted());
});

describe.each(RULES.map((rule) => [rule.name, rule] as const))("%s", (name, rule) => {
  const { bad = [], good = [] } = CASES[name] ?? {};

  test.each(bad.map((resource, index) => [index, resource] as const))("refuses case %i", (_, resource) => {
    expect(rule.check(whole(resource))).not.toEqual([]);
  });

  test.each(good.map((resource, index) => [index, resource] as const))("lets case %i pass", (_, resource) => {
    expect(rule.check(whole(resource))).toEqual([]);
  });
});

const DIGESTS = JSON.stringify(
  Object.fromEntries(["ingest", "processor", "inference", "gateway", "operator"].map((app) => [app, SHA])),
);
const PROD = { environment: "prod", imageDigests: DIGESTS, natsImage: `nats@${SHA}`, redisImage: `redis@${SHA}` };
const EKS = {
  ...{ ...PROD, cloud: "eks", region: "us-east-1", adminRoleArns: "arn:aws:iam::111122223333:role/ops" },
  ...{ apiCidrs: "198.51.100.0/24", budgetUsd: "500", budgetEmail: "ops@example.org" },
};

describe("what the program makes in production breaks no rule", () => {
  test.each([
    ["existing", { ...PROD, context: "race" }],
    ["eks, Auto Mode", EKS],
    ["eks, node groups", { ...EKS, nodes: "managed" }],
    ["gke", { ...PROD, cloud: "gke", region: "us-east4", gcpProject: "burnline-prod", apiCidrs: "198.51.100.0/24" }],
    [
      "aks",
      {
        ...{ ...PROD, cloud: "aks", region: "eastus2", apiCidrs: "198.51.100.0/24" },
        adminGroupIds: "00000000-0000-0000-0000-000000000000",
      },
    ],
    ["charts on eks", { ...EKS, environment: "dev", protect: "true", dependencies: "charts", redisService: "managed" }],
  ])("%s", async (_, keys) => {
    const { resources } = await captureProgram(keys, { facts: GOOD_FACTS });
    const broken = resources.flatMap(({ type, name, inputs, isProtected, provider }) => {
      const resource = { type, name, props: inputs, isProtected, providerName: provider.split("::").at(-2) ?? "" };
      return RULES.flatMap((rule) =>
        rule.check(resource).map((problem) => `${rule.name}: ${type} ${name}: ${problem}`),
      );
    });
    expect(broken).toEqual([]);
  });
});
