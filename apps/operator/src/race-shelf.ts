import { isRaceId } from "@burnline/contract";
import type { Logger } from "@burnline/runtime";
import type { KubernetesObject, V1Deployment } from "@kubernetes/client-node";
import { RACE_LABEL } from "./kube-api.ts";
import { isBeforeArchive } from "./race-phase.ts";
import type { AppSeen } from "./race-plan.ts";
import { parseRace, type Race, type Replicas, WARM_APPS, type WarmApp } from "./race-resource.ts";
import type { WatchedObjects } from "./watched-objects.ts";

const COMPONENT_LABEL = "app.kubernetes.io/component";

/** What Kubernetes last said of Races and of the Deployments of their releases. */
export class RaceShelf {
  readonly #races: Pick<WatchedObjects<KubernetesObject>, "list" | "isSynced">;
  readonly #deployments: Pick<WatchedObjects<V1Deployment>, "list" | "isSynced">;
  readonly #logger: Logger;
  /** Versions of which it was said that they cannot be read. */
  readonly #unreadable = new Set<string>();

  constructor(
    races: Pick<WatchedObjects<KubernetesObject>, "list" | "isSynced">,
    deployments: Pick<WatchedObjects<V1Deployment>, "list" | "isSynced">,
    logger: Logger,
  ) {
    this.#races = races;
    this.#deployments = deployments;
    this.#logger = logger;
  }

  get isSynced(): boolean {
    return this.#races.isSynced && this.#deployments.isSynced;
  }

  /** Those that can be read, the oldest first. */
  races(): readonly Race[] {
    const read = this.#races.list().flatMap((resource) => {
      const parsed = parseRace(resource);
      if (parsed.ok) return [parsed.value];
      this.#sayOnce(resource, parsed.error);
      return [];
    });
    return read.toSorted((a, b) => a.createdMs - b.createdMs || (a.uid < b.uid ? -1 : 1));
  }

  /** The Race that has this one's race id already. */
  olderThan(race: Race): string | undefined {
    const first = this.races().find(({ raceId }) => raceId === race.raceId);
    return first === undefined || first.uid === race.uid ? undefined : first.name;
  }

  apps(raceId: string): Readonly<Partial<Record<WarmApp, AppSeen>>> {
    const apps: Partial<Record<WarmApp, AppSeen>> = {};
    for (const { metadata, spec, status } of this.#deployments.list()) {
      const component = metadata?.labels?.[COMPONENT_LABEL];
      const app = WARM_APPS.find((one) => one === component);
      if (app === undefined || metadata?.labels?.[RACE_LABEL] !== raceId) continue;
      apps[app] = {
        ...{ wanted: spec?.replicas ?? 1, running: status?.replicas ?? 0, ready: status?.readyReplicas ?? 0 },
      };
    }
    return apps;
  }

  /** Race ids that a release here serves. */
  releases(): ReadonlySet<string> {
    const raceIds = this.#deployments.list().flatMap(({ metadata }) => {
      const isApp = WARM_APPS.some((app) => app === metadata?.labels?.[COMPONENT_LABEL]);
      const raceId = metadata?.labels?.[RACE_LABEL];
      return isApp && raceId !== undefined && isRaceId(raceId) ? [raceId] : [];
    });
    return new Set(raceIds);
  }

  /** A release of another race is here, or a Race that is not over yet. */
  isRoomWantedBeside(raceId: string): boolean {
    const isComing = ({ raceId: other, status }: Race) =>
      other !== raceId && (status === undefined || isBeforeArchive(status.phase));
    return [...this.releases()].some((other) => other !== raceId) || this.races().some(isComing);
  }

  /** What the status of a race's Race says; undefined when there is none. */
  warm(raceId: string): Replicas | undefined {
    return this.races().find((race) => race.raceId === raceId)?.status?.warm;
  }

  #sayOnce({ metadata }: KubernetesObject, why: string): void {
    const version = `${metadata?.uid}/${metadata?.resourceVersion}`;
    if (this.#unreadable.has(version)) return;
    if (this.#unreadable.size >= UNREADABLE_MAX) this.#unreadable.clear();
    this.#unreadable.add(version);
    this.#logger.warn({ name: metadata?.name, why }, "a Race cannot be read");
  }
}

/** Beyond it some are said again. */
const UNREADABLE_MAX = 1_000;
