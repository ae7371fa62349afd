import { setTimeout as sleep } from "node:timers/promises";
import type { Kube } from "./kube.ts";
import { NAMESPACE, RELEASE } from "./platform-manifests.ts";

const LOOK_MS = 1_000;

/** How many ready pods an app had, over time: one entry for each change. */
export class ReplicaWatch {
  readonly changes: { readonly atSeconds: number; readonly replicas: number }[] = [];
  readonly #kube: Kube;
  readonly #app: string;
  readonly #startMs = performance.now();
  #loop: Promise<void> | undefined;
  #isStopped = false;

  constructor(kube: Kube, app: string) {
    this.#kube = kube;
    this.#app = app;
  }

  start(): void {
    this.#loop = this.#keepLooking();
    this.#loop.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  get replicas(): number {
    return this.changes.at(-1)?.replicas ?? 0;
  }

  get text(): string {
    return this.changes.map(({ atSeconds, replicas }) => `${replicas} at ${atSeconds} s`).join(", ");
  }

  async #keepLooking(): Promise<void> {
    const key = { apiVersion: "apps/v1", kind: "Deployment", name: `${RELEASE}-${this.#app}`, namespace: NAMESPACE };
    while (!this.#isStopped) {
      const status = (await this.#kube.find(key))?.status as { readyReplicas?: number } | undefined;
      const replicas = status?.readyReplicas ?? 0;
      const atSeconds = Math.round((performance.now() - this.#startMs) / 1_000);
      if (replicas !== this.replicas) this.changes.push({ atSeconds, replicas });
      await sleep(LOOK_MS);
    }
  }
}
