/** Files of Secrets are for the pod's own user and group. */
export const SECRET_FILE_MODE = 0o440;

/** What PodSecurity "restricted" asks of a pod, and a little more. @param uid of the image's own user */
export function restrictedPod(serviceAccountName: string, uid: number) {
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: uid, runAsGroup: uid, fsGroup: uid },
      // Or every start changes the owner of every file again.
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
  };
}

export function restrictedContainer() {
  return {
    securityContext: {
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, privileged: false },
      capabilities: { drop: ["ALL"] },
    },
  };
}

/** No limit on the processor: it would only delay what the race waits for. Memory asked for is memory had. */
export function guaranteedMemory(cpu: string, memoryMb: number) {
  return { requests: { cpu, memory: `${memoryMb}Mi` }, limits: { memory: `${memoryMb}Mi` } };
}

/** For charts of others that may ask for more than "restricted" gives. */
export const BASELINE_NAMESPACE_LABELS = {
  "pod-security.kubernetes.io/enforce": "baseline",
  "pod-security.kubernetes.io/warn": "restricted",
} as const;

/** Labels that namespaces of ours carry. */
export const RESTRICTED_NAMESPACE_LABELS = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/audit": "restricted",
  "pod-security.kubernetes.io/warn": "restricted",
} as const;
