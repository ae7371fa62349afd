import {
  DefaultSecurityGroup,
  Eip,
  InternetGateway,
  NatGateway,
  Route,
  RouteTable,
  RouteTableAssociation,
  SecurityGroup,
  Subnet,
  Vpc,
  VpcEndpoint,
} from "@pulumi/aws/ec2/index.js";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones.js";
import type * as pulumi from "@pulumi/pulumi";
import { subnetOf } from "../cidr.ts";
import { type EksBase, onAws } from "./base.ts";

const ZONES = 3;
/** Per stack. */
export const VPCS = 1;
/** EKS puts no control plane there, and says so only when everything around it is made. */
const ZONE_IDS_REFUSED = ["use1-az3", "usw1-az2", "cac1-az3"];
/** Of 16 blocks: three private ones, three public ones, the rest for later. */
const SUBNET_BITS = 4;
const ANYWHERE = "0.0.0.0/0";
/** Without them nodes fetch images and tokens through the NAT gateways, by the gigabyte. */
const INTERFACE_ENDPOINTS = ["ecr.api", "ecr.dkr", "sts", "logs", "ec2", "eks-auth"] as const;

export interface Network {
  readonly vpc: Vpc;
  readonly privateSubnets: readonly Subnet[];
  readonly publicSubnets: readonly Subnet[];
  readonly publicCidrs: readonly string[];
  readonly privateCidrs: readonly string[];
  /** Nodes that start before there is a way out fail for good. */
  readonly ready: readonly pulumi.Resource[];
}

export function eksNetwork(base: EksBase): Network {
  const { config, name } = base;
  const vpc = new Vpc(
    name,
    { cidrBlock: config.networkCidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: name } },
    onAws(base),
  );
  // Whatever forgets to name a security group can talk to nobody.
  new DefaultSecurityGroup(name, { vpcId: vpc.id, tags: { Name: `${name}-default-closed` } }, onAws(base));
  const gateway = new InternetGateway(name, { vpcId: vpc.id, tags: { Name: name } }, onAws(base));
  const subnets = makeSubnets(base, vpc);
  const routes = makeRoutes(base, vpc, gateway, subnets);
  makeEndpoints(base, vpc, subnets.privateSubnets, routes.tables);
  return { vpc, ...subnets, ready: routes.ready };
}

type Subnets = Pick<Network, "privateSubnets" | "publicSubnets" | "publicCidrs" | "privateCidrs">;

function makeSubnets(base: EksBase, vpc: Vpc): Subnets {
  const { config, name } = base;
  const zones = getAvailabilityZonesOutput(
    {
      state: "available",
      // Local Zones are zones too, and no place for a control plane.
      filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
      excludeZoneIds: ZONE_IDS_REFUSED,
    },
    { provider: base.provider },
  ).names.apply((names) => {
    if (names.length < ZONES)
      throw new Error(
        `${config.region} has ${names.length} zones, three are needed: pulumi config set burnline:region us-east-1`,
      );
    return names.slice(0, ZONES);
  });
  const subnet = (index: number, isPublic: boolean) => {
    const subnetName = `${name}-${isPublic ? "public" : "private"}-${index}`;
    return new Subnet(
      subnetName,
      {
        ...{ vpcId: vpc.id, cidrBlock: subnetOf(config.networkCidr, SUBNET_BITS, isPublic ? ZONES + index : index) },
        availabilityZone: zones.apply((names) => names[index] ?? ""),
        mapPublicIpOnLaunch: false,
        // By these EKS knows where balancers go.
        tags: { Name: subnetName, [`kubernetes.io/role/${isPublic ? "elb" : "internal-elb"}`]: "1" },
      },
      onAws(base),
    );
  };
  const indexes = Array.from({ length: ZONES }, (_, index) => index);
  return {
    privateSubnets: indexes.map((index) => subnet(index, false)),
    publicSubnets: indexes.map((index) => subnet(index, true)),
    privateCidrs: indexes.map((index) => subnetOf(config.networkCidr, SUBNET_BITS, index)),
    publicCidrs: indexes.map((index) => subnetOf(config.networkCidr, SUBNET_BITS, ZONES + index)),
  };
}

/** One in each zone, so that a zone that fails takes no other with it; a trial has one for all. Each has an address. */
export function natGateways(isProd: boolean): number {
  return isProd ? ZONES : 1;
}

function makeRoutes(base: EksBase, vpc: Vpc, gateway: InternetGateway, { privateSubnets, publicSubnets }: Subnets) {
  const { name, isProd } = base;
  const publicTable = new RouteTable(
    `${name}-public`,
    { vpcId: vpc.id, tags: { Name: `${name}-public` } },
    onAws(base),
  );
  const outward = new Route(
    `${name}-public`,
    { routeTableId: publicTable.id, destinationCidrBlock: ANYWHERE, gatewayId: gateway.id },
    onAws(base),
  );
  publicSubnets.forEach((subnet, index) => {
    const tableOf = { subnetId: subnet.id, routeTableId: publicTable.id };
    new RouteTableAssociation(`${name}-public-${index}`, tableOf, onAws(base));
  });
  const nats = publicSubnets.slice(0, natGateways(isProd)).map((subnet, index) => {
    const address = new Eip(
      `${name}-nat-${index}`,
      { domain: "vpc", tags: { Name: `${name}-nat-${index}` } },
      onAws(base),
    );
    return new NatGateway(
      `${name}-${index}`,
      { allocationId: address.id, subnetId: subnet.id, tags: { Name: `${name}-${index}` } },
      onAws(base, { dependsOn: [outward] }),
    );
  });
  const ready: pulumi.Resource[] = [outward];
  const tables = privateSubnets.map((subnet, index) => {
    const tableName = `${name}-private-${index}`;
    const table = new RouteTable(tableName, { vpcId: vpc.id, tags: { Name: tableName } }, onAws(base));
    const nat = nats[index] ?? nats[0];
    if (nat !== undefined) {
      const out = { routeTableId: table.id, destinationCidrBlock: ANYWHERE, natGatewayId: nat.id };
      ready.push(new Route(tableName, out, onAws(base)));
    }
    ready.push(new RouteTableAssociation(tableName, { subnetId: subnet.id, routeTableId: table.id }, onAws(base)));
    return table;
  });
  return { tables, ready };
}

function makeEndpoints(base: EksBase, vpc: Vpc, subnets: readonly Subnet[], tables: readonly RouteTable[]): void {
  const { config, name, isProd } = base;
  new VpcEndpoint(
    `${name}-s3`,
    {
      ...{ vpcId: vpc.id, vpcEndpointType: "Gateway", serviceName: `com.amazonaws.${config.region}.s3` },
      routeTableIds: tables.map(({ id }) => id),
      tags: { Name: `${name}-s3` },
    },
    onAws(base),
  );
  // Each costs about 22 USD a month in three zones: a trial goes through the NAT gateway instead.
  if (!isProd) return;
  const group = new SecurityGroup(
    `${name}-endpoints`,
    {
      ...{ vpcId: vpc.id, description: "HTTPS from the network to AWS' own services" },
      ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: [config.networkCidr] }],
      tags: { Name: `${name}-endpoints` },
    },
    onAws(base),
  );
  for (const service of INTERFACE_ENDPOINTS) {
    new VpcEndpoint(
      `${name}-${service.replace(".", "-")}`,
      {
        ...{ vpcId: vpc.id, vpcEndpointType: "Interface", serviceName: `com.amazonaws.${config.region}.${service}` },
        ...{ privateDnsEnabled: true, subnetIds: subnets.map(({ id }) => id), securityGroupIds: [group.id] },
        tags: { Name: `${name}-${service}` },
      },
      onAws(base),
    );
  }
}
