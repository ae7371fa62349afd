import { readFileSync } from "node:fs";
import { archiveFolder } from "@burnline/operator";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { STACK_LABEL } from "./labels.ts";
import { deriveSecrets } from "./secrets.ts";
import { type CapturedProgram, captureProgram, TEST_MASTER_SECRET } from "./testing.ts";

const DIGESTS = JSON.stringify(
  Object.fromEntries(
    ["ingest", "processor", "inference", "gateway", "operator"].map((app) => [app, `sha256:${"0".repeat(64)}`]),
  ),
);
const SHA = `sha256:${"1".repeat(64)}`;
const EKS = {
  ...{ cloud: "eks", region: "us-gov-west-1", adminRoleArns: "arn:aws-us-gov:iam::111122223333:role/ops" },
  ...{ apiCidrs: "198.51.100.0/24", route: "ingress", routeHost: "burnline.example.org" },
  certificateArn: "arn:aws-us-gov:acm:us-gov-west-1:111122223333:certificate/1",
};
const PROD = {
  ...{ ...EKS, environment: "prod", imageDigests: DIGESTS, budgetUsd: "500", budgetEmail: "ops@example.org" },
  ...{ natsImage: `nats@${SHA}`, redisImage: `redis@${SHA}` },
};

const CHART_VALUES = new URL("../charts/burnline/values.yaml", import.meta.url);

type Inputs = Readonly<Record<string, unknown>>;

const all = ({ resources }: CapturedProgram, type: string) => resources.filter((resource) => resource.type === type);
const one = (program: CapturedProgram, type: string, name?: string): Inputs => {
  const found = all(program, type).filter((resource) => name === undefined || resource.name === name);
  expect(found, `${type} ${name ?? ""}`).toHaveLength(1);
  return found[0]?.inputs as Inputs;
};
const pathOf = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);

describe("EKS in Auto Mode, for production", () => {
  let program: CapturedProgram;
  beforeAll(async () => {
    program = await captureProgram(PROD, { stackName: "acme.burnline.prod-eks" });
  });

  test("every resource names its provider, and nothing is made in another cloud", () => {
    for (const { type, name, provider, isCustom } of program.resources) {
      if (!isCustom || type.startsWith("pulumi:")) continue;
      expect(type).toMatch(/^(aws|kubernetes):/);
      expect(provider, `${type} ${name}`).toMatch(type.startsWith("aws:") ? /::aws::/ : /::cluster::/);
    }
    const aws = one(program, "pulumi:providers:aws");
    expect(JSON.parse(String(aws.defaultTags))).toEqual({
      tags: { [STACK_LABEL]: "acme.burnline.prod-eks", "burnline.dev/managed-by": "pulumi" },
    });
  });

  test("the network has three zones, each with its own way out, and private nodes", () => {
    const subnets = all(program, "aws:ec2/subnet:Subnet").map(({ inputs }) => inputs as Inputs);
    expect(subnets).toHaveLength(6);
    // a, b and c are those in which EKS has no room for a control plane.
    expect(new Set(subnets.map(({ availabilityZone }) => availabilityZone))).toEqual(
      new Set(["zone-d", "zone-e", "zone-f"]),
    );
    expect(new Set(subnets.map(({ cidrBlock }) => cidrBlock)).size).toBe(6);
    expect(subnets.every(({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch === false)).toBe(true);
    expect(all(program, "aws:ec2/natGateway:NatGateway")).toHaveLength(3);
    const services = all(program, "aws:ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) =>
      String(inputs.serviceName).replace("com.amazonaws.us-gov-west-1.", ""),
    );
    expect(services.toSorted()).toEqual(["ec2", "ecr.api", "ecr.dkr", "eks-auth", "logs", "s3", "sts"]);
  });

  test("the control plane: Auto Mode whole, secrets under a key of ours, access by entries only, every log", () => {
    const cluster = one(program, "aws:eks/cluster:Cluster");
    expect(cluster).toMatchObject({
      ...{ name: "burnline-prod-eks", version: "1.35", bootstrapSelfManagedAddons: false, deletionProtection: true },
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      vpcConfig: { endpointPrivateAccess: true, publicAccessCidrs: ["198.51.100.0/24"] },
      computeConfig: { enabled: true, nodePools: ["general-purpose", "system"] },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
      storageConfig: { blockStorage: { enabled: true } },
      encryptionConfig: { resources: ["secrets"] },
    });
    expect(cluster.enabledClusterLogTypes).toHaveLength(5);
    expect(one(program, "aws:eks/accessEntry:AccessEntry").principalArn).toBe(EKS.adminRoleArns);
    expect(one(program, "aws:kms/key:Key").enableKeyRotation).toBe(true);
    const policies = all(program, "aws:iam/rolePolicyAttachment:RolePolicyAttachment").map(({ inputs }) =>
      String(inputs.policyArn),
    );
    for (const policy of ["Compute", "BlockStorage", "LoadBalancing", "Networking"])
      expect(policies).toContain(`arn:aws-us-gov:iam::aws:policy/AmazonEKS${policy}Policy`);
  });

  test("no ARN is of a partition that nobody asked for", () => {
    expect(JSON.stringify(program.resources)).not.toMatch(/arn:aws:/);
  });

  test("every log has an end", () => {
    const groups = all(program, "aws:cloudwatch/logGroup:LogGroup").map(({ inputs }) => inputs);
    expect(groups.map(({ name }) => name)).toEqual([
      "/aws/eks/burnline-prod-eks/cluster",
      "/aws/vpc/burnline-prod-eks",
    ]);
    expect(groups.map(({ retentionInDays }) => retentionInDays)).toEqual([90, 90]);
  });

  test("the bucket: versions, our key, no public, TLS only, an end to what is old", () => {
    expect(one(program, "aws:s3/bucketVersioning:BucketVersioning").versioningConfiguration).toEqual({
      status: "Enabled",
    });
    const encryption = one(
      program,
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    );
    expect(pathOf(encryption, "rules", 0, "applyServerSideEncryptionByDefault", "sseAlgorithm")).toBe("aws:kms");
    const { bucket: _, ...access } = one(program, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
    expect(Object.values(access)).toEqual([true, true, true, true]);
    const policy = JSON.parse(String(one(program, "aws:s3/bucketPolicy:BucketPolicy").policy));
    expect(policy.Statement[0]).toMatchObject({
      Effect: "Deny",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
  });

  test("snapshots end after two weeks, and no archive ever does", () => {
    const { rules } = one(program, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
    const rulesFor = (key: string) =>
      (rules as { id: string; filter: { prefix: string }; expiration?: unknown }[]).filter(({ filter }) =>
        key.startsWith(filter.prefix),
      );
    // Nothing here sets the prefix, so the apps have the chart's.
    const prefix = String(pathOf(parse(readFileSync(CHART_VALUES, "utf8")), "s3", "prefix"));
    const { values } = one(program, "kubernetes:helm.sh/v4:Chart", "burnline");
    expect(pathOf(values, "s3")).not.toHaveProperty("prefix");
    expect(rulesFor(`${prefix}/daytona/7/1.json`)).toMatchObject([{ id: "snapshots", expiration: { days: 14 } }]);
    const ofArchives = rulesFor(`${archiveFolder(prefix, "daytona")}/manifest.json`);
    expect(ofArchives.map(({ id, expiration }) => ({ id, expiration }))).toEqual([
      { id: "archive", expiration: undefined },
    ]);
  });

  test("processor and operator have an identity for that bucket alone, and the apps are told where it is", () => {
    const identities = all(program, "aws:eks/podIdentityAssociation:PodIdentityAssociation").map(
      ({ inputs }) => inputs,
    );
    expect(identities.map(({ serviceAccount }) => serviceAccount).toSorted()).toEqual([
      ...["burnline-operator", "burnline-processor"],
    ]);
    expect(identities.every(({ namespace }) => namespace === "burnline")).toBe(true);
    const { policy } = one(program, "aws:iam/rolePolicy:RolePolicy", "burnline-prod-eks-snapshots");
    const { Statement } = JSON.parse(String(policy)) as { Statement: { Action: unknown; Resource: string }[] };
    for (const { Action, Resource } of Statement) {
      expect(String(Action)).not.toContain("*");
      expect(Resource).toMatch(/burnline-prod-eks/);
    }
    const { values } = one(program, "kubernetes:helm.sh/v4:Chart", "burnline");
    expect(values).toMatchObject({ s3: { bucket: "burnline-prod-eks-snapshots-1a2b3c", region: "us-gov-west-1" } });
  });

  test("volumes are encrypted gp3, and theirs is the default class", () => {
    const storage = one(program, "kubernetes:storage.k8s.io/v1:StorageClass");
    expect(storage).toMatchObject({
      ...{ provisioner: "ebs.csi.eks.amazonaws.com", parameters: { type: "gp3", encrypted: "true" } },
      ...{ reclaimPolicy: "Retain", volumeBindingMode: "WaitForFirstConsumer" },
    });
  });

  test("the balancer holds a silent WebSocket for an hour, goes to pods, knows TLS only and is believed", () => {
    const balancers = ["10.40.48.0/20", "10.40.64.0/20", "10.40.80.0/20"];
    const parameters = one(program, "kubernetes:eks.amazonaws.com/v1:IngressClassParams");
    expect(pathOf(parameters, "spec", "loadBalancerAttributes")).toContainEqual({
      ...{ key: "idle_timeout.timeout_seconds", value: "3600" },
    });
    expect(pathOf(parameters, "spec", "certificateARNs")).toEqual([EKS.certificateArn]);
    const { values } = one(program, "kubernetes:helm.sh/v4:Chart", "burnline");
    expect(values).toMatchObject({
      route: {
        ...{ type: "ingress", host: "burnline.example.org", className: "alb" },
        annotations: {
          "alb.ingress.kubernetes.io/target-type": "ip",
          "alb.ingress.kubernetes.io/target-group-attributes": "deregistration_delay.timeout_seconds=60",
        },
      },
      networkPolicy: {
        clients: balancers.map((cidr) => ({ ipBlock: { cidr } })),
      },
      gateway: { trustedProxies: balancers },
    });
  });

  test("what holds state is protected, and nothing else is", () => {
    expect(
      program.resources.filter(({ isProtected }) => isProtected).map(({ type }) => type.split(":").at(-1)),
    ).toEqual([...["Cluster", "Key", "Bucket", "StatefulSet", "StatefulSet", "Namespace"]]);
  });

  test("who spends more than was meant hears of it", () => {
    const budget = one(program, "aws:budgets/budget:Budget");
    expect(budget).toMatchObject({ limitAmount: "500", timeUnit: "MONTHLY" });
    expect((budget.notifications as { notificationType: string }[]).map((of) => of.notificationType)).toEqual([
      ...["ACTUAL", "FORECASTED"],
    ]);
  });

  test("the kubeconfig holds no token, is a secret, and outputs say how to get in", () => {
    expect(program.secretOutputs).toEqual(expect.arrayContaining(["kubeconfig", "ingestToken"]));
    const kubeconfig = JSON.parse(String(program.outputs.kubeconfig));
    expect(pathOf(kubeconfig, "users", 0, "user", "exec", "args")).toContain("get-token");
    expect(pathOf(program.outputs.commands, "login")).toBe(
      "aws eks update-kubeconfig --region us-gov-west-1 --name burnline-prod-eks",
    );
  });

  test("a second run registers the same, byte for byte", async () => {
    const again = await captureProgram(PROD, { stackName: "acme.burnline.prod-eks" });
    expect(JSON.stringify(again)).toBe(JSON.stringify(program));
  });
});

describe("EKS with node groups, for a trial", () => {
  let program: CapturedProgram;
  beforeAll(async () => {
    program = await captureProgram({ ...EKS, nodes: "managed", routeClass: "traefik" });
  });

  test("what Auto Mode has built in comes as add-ons, with network policies on", () => {
    const addons = all(program, "aws:eks/addon:Addon").map(({ inputs }) => String(inputs.addonName));
    expect(addons.toSorted()).toEqual([
      ...["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "metrics-server", "vpc-cni"],
    ]);
    const { configurationValues } = one(program, "aws:eks/addon:Addon", "burnline-test-vpc-cni");
    expect(JSON.parse(String(configurationValues))).toEqual({ enableNetworkPolicy: "true" });
    expect(one(program, "aws:eks/cluster:Cluster")).toMatchObject({
      ...{ computeConfig: { enabled: false }, storageConfig: { blockStorage: { enabled: false } } },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: false } },
    });
    expect(one(program, "kubernetes:storage.k8s.io/v1:StorageClass").provisioner).toBe("ebs.csi.aws.com");
    expect(all(program, "kubernetes:eks.amazonaws.com/v1:IngressClassParams")).toEqual([]);
  });

  test("machines: encrypted disks, metadata not for pods, three to nine of them in private subnets", () => {
    expect(one(program, "aws:ec2/launchTemplate:LaunchTemplate")).toMatchObject({
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [{ ebs: { encrypted: "true", volumeType: "gp3" } }],
    });
    const group = one(program, "aws:eks/nodeGroup:NodeGroup");
    expect(group).toMatchObject({
      ...{ amiType: "AL2023_x86_64_STANDARD", instanceTypes: ["m7i.large"] },
      scalingConfig: { minSize: 3, maxSize: 9, desiredSize: 3 },
      subnetIds: [0, 1, 2].map((index) => `burnline-test-private-${index}-id`),
    });
  });

  test("a trial has one way out, no paid endpoints and nothing that cannot be removed", () => {
    expect(all(program, "aws:ec2/natGateway:NatGateway")).toHaveLength(1);
    expect(all(program, "aws:ec2/vpcEndpoint:VpcEndpoint")).toHaveLength(1);
    expect(program.resources.filter(({ isProtected }) => isProtected)).toEqual([]);
    expect(one(program, "aws:s3/bucket:Bucket").forceDestroy).toBe(true);
  });

  test("machines of Graviton get its image", async () => {
    const arm = await captureProgram({ ...EKS, nodes: "managed", routeClass: "traefik", nodeType: "c8gd.xlarge" });
    expect(one(arm, "aws:eks/nodeGroup:NodeGroup").amiType).toBe("AL2023_ARM_64_STANDARD");
  });
});

test("the first preview asks nothing of a cluster that is not there: its charts come with the cluster", async () => {
  const chart = "kubernetes:helm.sh/v4:Chart";
  const first = await captureProgram(PROD, { isFirstPreview: true });
  expect(all(first, chart)).toEqual([]);
  const whole = await captureProgram(PROD);
  expect(whole.resources.filter(({ type }) => type !== chart).map(({ name }) => name)).toEqual(
    first.resources.map(({ name }) => name),
  );
  expect(all(whole, chart)).toHaveLength(1);
});

test("secrets stay out of everything that is not a secret", async () => {
  const { resources, outputs, secretOutputs } = await captureProgram(PROD);
  const { natsUsers, generation: _, ...texts } = deriveSecrets(TEST_MASTER_SECRET, "burnline");
  const known = [TEST_MASTER_SECRET, ...Object.values(texts), ...Object.values(natsUsers).map(({ seed }) => seed)];
  for (const { type, name, inputs, secretPaths } of resources) {
    const open = Object.entries(inputs).filter(([key]) => !secretPaths.some((path) => path.split(".")[0] === key));
    const shown = known.filter((secret) => JSON.stringify(open).includes(secret));
    expect(shown, `${type} ${name} shows a secret`).toEqual([]);
  }
  const open = Object.entries(outputs).filter(([name]) => !secretOutputs.includes(name));
  expect(known.filter((secret) => JSON.stringify(open).includes(secret))).toEqual([]);
});
