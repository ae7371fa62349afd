import * as pulumi from "@pulumi/pulumi";
import type { RawConfig } from "./config.ts";
import { answerTo, type MockAccount, madeUp, NEW_ACCOUNT } from "./mock-cloud.ts";
import { readPermissionsFile } from "./nats-permissions.ts";
import type { ClusterFacts } from "./preflight.ts";
import { burnlinePlatform, type PlatformDeps, type PlatformOutputs } from "./program.ts";

/** A resource as the program registers it. */
export interface CapturedResource {
  readonly type: string;
  readonly name: string;
  /** Plain: secrets are opened. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Where secrets stand in the inputs: "data.url". */
  readonly secretPaths: readonly string[];
  /** Empty for the provider itself and for resources of a default provider, of which there must be none. */
  readonly provider: string;
  readonly isCustom: boolean;
  /** Pulumi refuses to delete it. */
  readonly isProtected: boolean;
  /** Paths of inputs that stay as they were when it was made. */
  readonly ignoreChanges: readonly string[];
}

export interface CapturedProgram {
  readonly resources: readonly CapturedResource[];
  /** Plain as well. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
  /** What is said and stops nothing. */
  readonly warnings: readonly string[];
}

export interface CaptureOptions {
  readonly stackName?: string;
  readonly facts?: ClusterFacts;
  /** As Pulumi runs it before anything is there: what only a provider knows is unknown. */
  readonly isFirstPreview?: boolean;
  /** Why the registry does not answer; absent: it does. */
  readonly registryAnswer?: string;
  /** By path; absent: no archive is there. */
  readonly archives?: Readonly<Record<string, string>>;
  readonly account?: MockAccount;
  /** Of a program that refuses, who wants to know what it had registered until then. */
  readonly onRegistered?: (type: string) => void;
}

export const TEST_MASTER_SECRET = "a master secret of tests, 32 characters or more";
const SECRET_KEYS = ["masterSecret", "kubeconfig", "externalNatsSeeds", "externalRedisUrl"].map(
  (key) => `burnline:${key}`,
);

/** A kubeconfig in form only. */
export const TEST_KUBECONFIG = JSON.stringify({
  ...{ apiVersion: "v1", kind: "Config", "current-context": "test" },
  clusters: [{ name: "test", cluster: { server: "https://cluster.test:6443" } }],
  users: [{ name: "test", user: { token: "a-token-of-tests" } }],
  contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
});

export const GOOD_FACTS: ClusterFacts = {
  version: { major: "1", minor: "35" },
  apiVersions: new Set([
    ...["apps/v1", "keda.sh/v1alpha1", "monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1"],
  ]),
  storageClasses: [{ name: "local", isDefault: true }],
  ingressClasses: [{ name: "traefik", isDefault: true }],
  ...{ otherNamespaces: {}, quotas: [], claims: [], nodePorts: [], images: new Set() },
};

/** Keys without their prefix; the master secret is there unless it is said to be absent (""). */
export function rawConfig(keys: Readonly<Record<string, string>>): RawConfig {
  const all = { masterSecret: TEST_MASTER_SECRET, ...keys };
  const given = Object.entries(all).filter(([key, value]) => key !== "masterSecret" || value !== "");
  return {
    values: Object.fromEntries(given.map(([key, value]) => [`burnline:${key}`, value])),
    secretKeys: new Set(SECRET_KEYS),
  };
}

/** Runs the program against mocks. One at a time in a process: Pulumi's runtime is global. */
export async function captureProgram(
  keys: Readonly<Record<string, string>>,
  options: CaptureOptions = {},
): Promise<CapturedProgram> {
  const resources: CapturedResource[] = [];
  const transforms: pulumi.ResourceTransform[] = [];
  const protectedOnes = new Set<string>();
  const warnings: string[] = [];
  const { isFirstPreview = false, account = NEW_ACCOUNT } = options;
  await pulumi.runtime.setMocks(
    {
      call: async ({ token, inputs }) => {
        const { answerMs } = account;
        if (answerMs !== undefined && token.includes("ServiceQuota"))
          await new Promise((resolve) => setTimeout(resolve, answerMs));
        return answerTo(token, inputs, account);
      },
      newResource: async (args) => {
        options.onRegistered?.(args.type);
        const custom = args.custom === true;
        const { props, ignoreChanges } = await transformed(transforms, { ...args, custom });
        const { plain, secretPaths } = openSecrets(props);
        const inputs = plain as Record<string, unknown>;
        resources.push({
          ...{ type: args.type, name: args.name, inputs, secretPaths },
          ...{ provider: args.provider ?? "", isCustom: custom },
          ...{ isProtected: protectedOnes.has(`${args.type} ${args.name}`), ignoreChanges },
        });
        return {
          id: custom ? `${args.name}-id` : undefined,
          state: { ...args.inputs, ...(custom && !isFirstPreview ? madeUp(args.type, args.name) : {}) },
        };
      },
      registerTransform: (transform) => void transforms.push(transform),
    },
    "burnline",
    "test",
    isFirstPreview,
  );
  let outputs: PlatformOutputs | undefined;
  let failure: unknown;
  await pulumi.runtime.runInPulumiStack(async () => {
    // The mock monitor is not told of options; this one runs in the program, and changes nothing.
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      if (opts.protect === true) protectedOnes.add(`${type} ${name}`);
      return undefined;
    });
    try {
      outputs = await burnlinePlatform(rawConfig(keys), testDeps(options, warnings));
    } catch (error) {
      // The stack would hand it to the process as an unhandled rejection.
      failure = error;
    }
    return {};
  });
  await pulumi.runtime.disconnect();
  if (outputs === undefined) throw failure;
  return { resources: sorted(resources), warnings, ...(await openOutputs(outputs, isFirstPreview)) };
}

function testDeps(options: CaptureOptions, warnings: string[]): PlatformDeps {
  const { stackName = "organization.burnline.test", facts = GOOD_FACTS, archives = {} } = options;
  return {
    stackName,
    readKubeconfig: () => TEST_KUBECONFIG,
    readClusterFacts: async () => facts,
    askRegistry: async () => options.registryAnswer,
    digestOfFile: (path) => archives[path],
    warn: (message) => void warnings.push(message),
    readNatsPermissions: () =>
      readPermissionsFile(new URL("../charts/burnline/files/nats-permissions.json", import.meta.url)),
  };
}

/** The mock monitor does not run transforms; the engine does, over what it gets. */
async function transformed(
  transforms: readonly pulumi.ResourceTransform[],
  { type, name, inputs, custom }: { type: string; name: string; inputs: Record<string, unknown>; custom: boolean },
): Promise<{ readonly props: Record<string, unknown>; readonly ignoreChanges: readonly string[] }> {
  let props = inputs;
  let opts: pulumi.CustomResourceOptions = {};
  for (const transform of transforms) {
    const result = await transform({ custom, type, name, props, opts });
    if (result !== undefined) ({ props, opts } = result);
  }
  return { props, ignoreChanges: opts.ignoreChanges ?? [] };
}

/** How Pulumi marks a secret on the wire. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

function openSecrets(value: unknown, path: readonly string[] = []): { plain: unknown; secretPaths: string[] } {
  if (Array.isArray(value)) {
    const items = value.map((item, index) => openSecrets(item, [...path, String(index)]));
    return { plain: items.map(({ plain }) => plain), secretPaths: items.flatMap(({ secretPaths }) => secretPaths) };
  }
  if (typeof value !== "object" || value === null) return { plain: value, secretPaths: [] };
  const entries = Object.entries(value);
  if (SIGNATURE in value && value[SIGNATURE] === SECRET && "value" in value) {
    return { plain: openSecrets(value.value, path).plain, secretPaths: [path.join(".")] };
  }
  const opened = entries.map(([key, item]) => ({ key, ...openSecrets(item, [...path, key]) }));
  return {
    plain: Object.fromEntries(opened.map(({ key, plain }) => [key, plain])),
    secretPaths: opened.flatMap(({ secretPaths }) => secretPaths),
  };
}

/** Registrations overlap; what is made does not depend on which was first. */
function sorted(resources: readonly CapturedResource[]): CapturedResource[] {
  return resources.toSorted((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
}

/** @param isFirstPreview nothing is waited for that is not known */
async function openOutputs(
  outputs: PlatformOutputs,
  isFirstPreview: boolean,
): Promise<Pick<CapturedProgram, "outputs" | "secretOutputs">> {
  const entries = await Promise.all(
    Object.entries(outputs).map(async ([name, value]) => {
      const output: pulumi.Output<unknown> = pulumi.output(value);
      const [plain, isSecret] = await Promise.all([
        isFirstPreview ? undefined : new Promise<unknown>((resolve) => output.apply(resolve)),
        pulumi.isSecret(output),
      ]);
      return { name, plain, isSecret };
    }),
  );
  return {
    outputs: Object.fromEntries(entries.map(({ name, plain }) => [name, plain])),
    secretOutputs: entries.filter(({ isSecret }) => isSecret).map(({ name }) => name),
  };
}
