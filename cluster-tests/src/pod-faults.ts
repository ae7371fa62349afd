import { PassThrough } from "node:stream";
import { Exec, type V1Pod } from "@kubernetes/client-node";
import { type Kube, until } from "./kube.ts";
import { NAMESPACE } from "./platform-manifests.ts";

const RESTART_SECONDS_MAX = 60;
/** Each of these is smaller than the app, so that the kernel ends the app and not one of them. */
const HOG_MEBIBYTES = 24;
const HOGS_MAX = 16;
const HOG_EVERY_MS = 400;

/** As when its machine is gone: no signal, no time to say goodbye. */
export async function killPod(kube: Kube, pod: V1Pod): Promise<void> {
  await kube.remove({ apiVersion: "v1", kind: "Pod", name: nameOf(pod), namespace: NAMESPACE }, 0);
}

/** As `kubectl drain` and a node under pressure do: asks, and the disruption budget decides. */
export async function evictPod(kube: Kube, pod: V1Pod): Promise<void> {
  await kube.evict(nameOf(pod), NAMESPACE);
}

/** Restarts a pod that its StatefulSet makes anew under the same name, in good order. */
export async function replacePod(kube: Kube, name: string): Promise<void> {
  const key = { apiVersion: "v1", kind: "Pod", name, namespace: NAMESPACE };
  const uid = async () => (await kube.find(key))?.metadata?.uid;
  const before = await uid();
  await kube.remove(key);
  await until(
    RESTART_SECONDS_MAX,
    async () => ![undefined, before].includes(await uid()),
    () => `${name} has not been replaced`,
  );
}

/** Fills the memory that its container may have, until the kernel ends the app. @returns how the container ended */
export async function exhaustMemory(kube: Kube, pod: V1Pod): Promise<string> {
  const name = nameOf(pod);
  const container = pod.spec?.containers[0]?.name ?? "";
  const before = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
  const script = `const b=Buffer.alloc(${HOG_MEBIBYTES}*2**20,1);setTimeout(()=>b,60000)`;
  const hogs: { close(): void }[] = [];
  let hoggedMs = 0;
  try {
    const ended = await until(
      RESTART_SECONDS_MAX,
      async () => {
        const found = (await kube.pods(NAMESPACE, "")).find(({ metadata }) => metadata?.name === name);
        const status = found?.status?.containerStatuses?.[0];
        if ((status?.restartCount ?? 0) > before) return status?.lastState?.terminated?.reason ?? "unknown";
        if (status?.state?.running && hogs.length < HOGS_MAX && performance.now() - hoggedMs > HOG_EVERY_MS) {
          hoggedMs = performance.now();
          hogs.push(await run(kube, name, container, ["/nodejs/bin/node", "-e", script]));
        }
        return undefined;
      },
      () => `${name} has not run out of memory`,
    );
    return ended;
  } finally {
    for (const hog of hogs) hog.close();
  }
}

async function run(kube: Kube, pod: string, container: string, command: string[]): Promise<{ close(): void }> {
  const silent = new PassThrough().resume();
  try {
    return await new Exec(kube.config).exec(NAMESPACE, pod, container, command, silent, silent, null, false);
  } catch {
    // It just ended: that is what this is for.
    return { close: () => undefined };
  }
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? "";
}
