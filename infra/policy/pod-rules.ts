import { asList, asRecord, at, type CheckedResource, type Rule } from "./rule.ts";

const WORKLOAD = /^kubernetes:(apps|batch)\/v1:(Deployment|StatefulSet|DaemonSet|Job|CronJob)$/;
/** The race's own pods and the servers beside it; what else charts bring keeps to its own namespace's rules. */
const RACE_NAMES: ReadonlySet<unknown> = new Set(["burnline", "nats", "redis", "valkey"]);

interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: unknown;
}

function podOf({ type, props }: CheckedResource): Readonly<Record<string, unknown>> | undefined {
  if (!WORKLOAD.test(type)) return undefined;
  const template = type.endsWith(":CronJob")
    ? at(props, "spec", "jobTemplate", "spec", "template")
    : at(props, "spec", "template");
  const name = at(template, "metadata", "labels", "app.kubernetes.io/name");
  return RACE_NAMES.has(name) ? asRecord(at(template, "spec")) : undefined;
}

function containersOf(pod: Readonly<Record<string, unknown>>): Container[] {
  return [...asList(pod.initContainers), ...asList(pod.containers)].map((container) => ({
    name: String(at(container, "name")),
    image: String(at(container, "image") ?? ""),
    securityContext: asRecord(at(container, "securityContext")),
    resources: at(container, "resources"),
  }));
}

const restrictedPods: Rule = {
  name: "restricted-pods",
  description: "Pods of a race run without root, without rights, and with a file system that cannot be written to.",
  level: "mandatory",
  check(resource) {
    const pod = podOf(resource);
    if (pod === undefined) return [];
    const problems: string[] = [];
    for (const key of ["hostNetwork", "hostPID", "hostIPC"]) {
      if (pod[key] === true) problems.push(`The pod has ${key}.`);
    }
    if (asList(pod.volumes).some((volume) => at(volume, "hostPath") !== undefined))
      problems.push("The pod mounts a folder of its machine.");
    if (at(pod, "securityContext", "runAsNonRoot") !== true) problems.push("The pod may run as root.");
    if (at(pod, "securityContext", "seccompProfile", "type") !== "RuntimeDefault")
      problems.push("The pod has no seccomp profile.");
    for (const { name, securityContext } of containersOf(pod)) {
      if (securityContext.allowPrivilegeEscalation !== false) problems.push(`${name} may gain rights.`);
      if (securityContext.readOnlyRootFilesystem !== true) problems.push(`${name} may write to its image.`);
      if (!asList(at(securityContext, "capabilities", "drop")).includes("ALL"))
        problems.push(`${name} keeps capabilities.`);
    }
    return problems;
  },
};

const noApiTokens: Rule = {
  name: "no-api-tokens",
  description: "Pods of a race get no token of the API server, but for the operator.",
  level: "mandatory",
  check(resource) {
    const pod = podOf(resource);
    if (pod === undefined || pod.automountServiceAccountToken === false) return [];
    const isOperator = at(resource.props, "spec", "template", "metadata", "labels", "app.kubernetes.io/component");
    return isOperator === "operator" ? [] : ["The pod gets a token that nothing in it needs."];
  },
};

const boundedMemory: Rule = {
  name: "bounded-memory",
  description: "No pod of a race takes the memory of another one.",
  level: "mandatory",
  check(resource) {
    const pod = podOf(resource);
    if (pod === undefined) return [];
    return containersOf(pod)
      .filter(({ resources }) => at(resources, "limits", "memory") === undefined)
      .map(({ name }) => `${name} has no limit of memory.`);
  },
};

const pinnedImages: Rule = {
  name: "pinned-images",
  description: "Images have a tag that means one thing, or a digest.",
  level: "mandatory",
  check(resource) {
    const pod = podOf(resource);
    if (pod === undefined) return [];
    return containersOf(pod)
      .filter(({ image }) => !image.includes("@sha256:") && !/[^/]:(?!latest$)[\w.-]+$/.test(image))
      .map(({ name, image }) => `${name} runs ${image}, which is another one tomorrow.`);
  },
};

export const POD_RULES: readonly Rule[] = [restrictedPods, noApiTokens, boundedMemory, pinnedImages];
