import { asList, asRecord, at, type CheckedResource, type Rule } from "./rule.ts";

const ANYWHERE: ReadonlySet<unknown> = new Set(["0.0.0.0/0", "::/0", "*", "Internet"]);

const STATEFUL: ReadonlySet<string> = new Set([
  ...["aws:eks/cluster:Cluster", "aws:kms/key:Key", "aws:s3/bucket:Bucket"],
  ...["aws:elasticache/replicationGroup:ReplicationGroup", "gcp:container/cluster:Cluster"],
  ...["azure-native:containerservice:ManagedCluster", "kubernetes:apps/v1:StatefulSet"],
]);

const protectedState: Rule = {
  name: "protected-state",
  description: "What holds state cannot be deleted by a slip. A trial says burnline:protect false and knows why.",
  level: "advisory",
  check({ type, isProtected }) {
    return STATEFUL.has(type) && !isProtected ? ["It holds state, and the next destroy takes it along."] : [];
  },
};

const closedApi: Rule = {
  name: "closed-api",
  description: "The API server is for those networks that are named.",
  level: "mandatory",
  check({ type, props }) {
    const cidrs = apiCidrs(type, props);
    if (cidrs === undefined) return [];
    if (cidrs.length === 0) return ["Nobody is named, which lets in everybody."];
    return cidrs.some((cidr) => ANYWHERE.has(cidr)) ? ["It lets in the whole world."] : [];
  },
};

function apiCidrs(type: string, props: CheckedResource["props"]): readonly unknown[] | undefined {
  switch (type) {
    case "aws:eks/cluster:Cluster": {
      const isPublic = at(props, "vpcConfig", "endpointPublicAccess") !== false;
      return isPublic ? asList(at(props, "vpcConfig", "publicAccessCidrs")) : undefined;
    }
    case "gcp:container/cluster:Cluster":
      return asList(at(props, "masterAuthorizedNetworksConfig", "cidrBlocks")).map((block) => at(block, "cidrBlock"));
    case "azure-native:containerservice:ManagedCluster":
      return asList(at(props, "apiServerAccessProfile", "authorizedIPRanges"));
    default:
      return undefined;
  }
}

const closedGroups: Rule = {
  name: "closed-groups",
  description: "No security group lets in the world.",
  level: "mandatory",
  check({ type, props }) {
    if (!/^aws:(ec2\/(securityGroup:SecurityGroup|defaultSecurityGroup:DefaultSecurityGroup))$/.test(type)) return [];
    const isOpen = asList(props.ingress).some((rule) =>
      [...asList(at(rule, "cidrBlocks")), ...asList(at(rule, "ipv6CidrBlocks"))].some((cidr) => ANYWHERE.has(cidr)),
    );
    return isOpen ? ["Everybody may connect."] : [];
  },
};

const closedBuckets: Rule = {
  name: "closed-buckets",
  description: "No bucket is for the public.",
  level: "mandatory",
  check({ type, props }) {
    if (type === "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock") {
      return ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"]
        .filter((key) => props[key] !== true)
        .map((key) => `${key} is off.`);
    }
    if (type !== "aws:s3/bucketPolicy:BucketPolicy") return [];
    const isOpen = statementsOf(props.policy).some(
      (statement) => statement.Effect === "Allow" && asList(at(statement, "Principal") ?? "").some(isEverybody),
    );
    return isOpen ? ["Its policy allows something to everybody."] : [];
  },
};

function isEverybody(principal: unknown): boolean {
  return principal === "*" || asList(at(principal, "AWS")).includes("*");
}

const encryptedStores: Rule = {
  name: "encrypted-stores",
  description: "What is stored in the cloud is encrypted, and so is the way there.",
  level: "mandatory",
  check({ type, props }) {
    switch (type) {
      case "aws:eks/cluster:Cluster":
        return asList(at(props, "encryptionConfig", "resources")).includes("secrets")
          ? []
          : ["Secrets in etcd are under no key of ours."];
      case "aws:elasticache/replicationGroup:ReplicationGroup":
        return ["transitEncryptionEnabled", "atRestEncryptionEnabled"]
          .filter((key) => props[key] !== true)
          .map((key) => `${key} is off.`);
      case "aws:ec2/launchTemplate:LaunchTemplate":
        return asList(props.blockDeviceMappings)
          .filter((disk) => String(at(disk, "ebs", "encrypted")) !== "true")
          .map((disk) => `The disk ${String(at(disk, "deviceName"))} is not encrypted.`);
      default:
        return [];
    }
  },
};

const narrowPolicies: Rule = {
  name: "narrow-policies",
  description: "No policy of ours allows everything, or something on everything.",
  level: "mandatory",
  check({ type, props }) {
    if (!/^aws:iam\/(rolePolicy:RolePolicy|policy:Policy)$/.test(type)) return [];
    const isWide = statementsOf(props.policy).some(
      ({ Effect, Action, Resource }) =>
        Effect === "Allow" &&
        (asList(Action).some((action) => /^(\*|\w+:\*)$/.test(String(action))) || asList(Resource).includes("*")),
    );
    return isWide ? ["It allows more than can be named."] : [];
  },
};

const endingLogs: Rule = {
  name: "ending-logs",
  description: "Logs are kept for a time that somebody chose.",
  level: "mandatory",
  check({ type, props }) {
    if (type !== "aws:cloudwatch/logGroup:LogGroup") return [];
    return Number(props.retentionInDays ?? 0) > 0 ? [] : ["It is kept, and paid, for ever."];
  },
};

function statementsOf(policy: unknown): Readonly<Record<string, unknown>>[] {
  // A policy of values that are not known yet is looked at when it is made.
  if (typeof policy !== "string") return [];
  return asList(at(JSON.parse(policy), "Statement")).map(asRecord);
}

export const CLOUD_RULES: readonly Rule[] = [
  ...[protectedState, closedApi, closedGroups, closedBuckets, encryptedStores, narrowPolicies, endingLogs],
];
