import type { Container, PodSpec } from "./kube-object.ts";
import type { PodRule } from "./pod-rules.ts";
import { parseQuantity } from "./quantity.ts";

/** A file of a Secret that others than its owner and its group may read is one for every process in the container. */
const SECRET_MODE_MAX = 0o440;

const SECRET_NAME = /(PASSWORD|TOKEN|ACCESS_KEY|SECRET_KEY|SECRET)$/;
const ADDRESS_WITH_PASSWORD = /:\/\/[^/@\s]*:[^/@\s]+@/;

/** PodSecurity "restricted", and what it does not ask for: rules for every pod, whoever wrote it. */
export const POD_SECURITY_RULES: readonly PodRule[] = [
  {
    name: "runs as nobody",
    faults: ({ spec }) =>
      perContainer(spec, ({ securityContext }) => {
        const { runAsNonRoot, runAsUser } = { ...spec.securityContext, ...securityContext };
        if (runAsNonRoot !== true) return "runAsNonRoot is not true";
        return runAsUser === undefined || runAsUser === 0 ? "runAsUser is missing or root" : undefined;
      }),
  },
  {
    name: "system calls are filtered",
    faults: ({ spec }) =>
      perContainer(spec, ({ securityContext }) => {
        const type = (securityContext?.seccompProfile ?? spec.securityContext?.seccompProfile)?.type;
        return type === "RuntimeDefault" ? undefined : "seccompProfile.type is not RuntimeDefault";
      }),
  },
  {
    name: "no way to more rights",
    faults: ({ spec }) =>
      perContainer(spec, ({ securityContext }) => {
        if (securityContext?.privileged === true) return "privileged is true";
        return securityContext?.allowPrivilegeEscalation === false
          ? undefined
          : "allowPrivilegeEscalation is not false";
      }),
  },
  {
    name: "no capabilities",
    faults: ({ spec }) =>
      perContainer(spec, ({ securityContext }) => {
        const { drop = [], add = [] } = securityContext?.capabilities ?? {};
        return drop.includes("ALL") && add.length === 0 ? undefined : "capabilities are not dropped, all of them";
      }),
  },
  {
    name: "the root file system is read-only",
    faults: ({ spec }) =>
      perContainer(spec, ({ securityContext }) =>
        securityContext?.readOnlyRootFilesystem === true ? undefined : "readOnlyRootFilesystem is not true",
      ),
  },
  {
    name: "nothing of the node",
    faults: ({ spec }) => [
      ...(["hostNetwork", "hostPID", "hostIPC"] as const)
        .filter((field) => spec[field])
        .map((field) => `${field} is on`),
      ...(spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => `volume ${name} is a hostPath`),
      ...perContainer(spec, ({ ports }) =>
        ports?.some(({ hostPort }) => hostPort) ? "it takes a hostPort" : undefined,
      ),
    ],
  },
  {
    name: "scratch space is bounded",
    faults: ({ spec }) =>
      (spec.volumes ?? [])
        .filter(({ emptyDir }) => emptyDir && parseQuantity(emptyDir.sizeLimit) === undefined)
        .map(({ name }) => `emptyDir ${name} has no sizeLimit`),
  },
  {
    name: "no token of the cluster without a use",
    faults: ({ spec, labels }, { usesKubernetes }) =>
      usesKubernetes(labels) || spec.automountServiceAccountToken === false
        ? []
        : ["automountServiceAccountToken is not false"],
  },
  {
    name: "an account of its own",
    faults: ({ spec }) =>
      (spec.serviceAccountName ?? "default") === "default" ? ["serviceAccountName is missing or default"] : [],
  },
  {
    name: "no addresses of Services in the environment",
    faults: ({ spec }) => (spec.enableServiceLinks === false ? [] : ["enableServiceLinks is not false"]),
  },
  {
    name: "secrets are for few eyes",
    faults: ({ spec }) =>
      (spec.volumes ?? [])
        .filter(({ secret, projected }) => {
          const holder = projected?.sources?.some((source) => source.secret !== undefined) ? projected : secret;
          return holder !== undefined && ((holder.defaultMode ?? 0o644) & ~SECRET_MODE_MAX) !== 0;
        })
        .map(({ name }) => `defaultMode of the secret volume ${name} lets in more than its group`),
  },
  {
    name: "no secret in plain sight",
    faults: ({ spec }) =>
      containersOf(spec).flatMap(({ name, env = [] }) =>
        env
          .filter(({ value = "" }) => value !== "")
          .filter((variable) => SECRET_NAME.test(variable.name) || ADDRESS_WITH_PASSWORD.test(variable.value ?? ""))
          .map((variable) => `${name}: ${variable.name} is written out, not taken from a Secret`),
      ),
  },
  {
    name: "the image is pinned",
    faults: ({ spec }, { requireDigest }) =>
      perContainer(spec, ({ image }) => {
        if (/@sha256:[0-9a-f]{64}$/.test(image)) return undefined;
        if (requireDigest) return `${image} has no digest`;
        const tag = /:([\w.-]+)$/.exec(image)?.[1];
        return tag === undefined || tag === "latest" ? `${image} has no tag that stays` : undefined;
      }),
  },
];

export function containersOf(spec: PodSpec): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

export function perContainer(spec: PodSpec, fault: (container: Container) => string | undefined): string[] {
  return containersOf(spec).flatMap((container) => {
    const text = fault(container);
    return text === undefined ? [] : [`${container.name}: ${text}`];
  });
}
