import { createLogger, Health, HttpServer, Metrics, OperatingError, type Part, steadyClock } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import { createOperator, type OperatorOptions } from "../operator.ts";
import type { FeedSeen } from "../race-phase.ts";
import type { StreamLimits, StreamsSeen } from "../race-plan.ts";
import { FakeKube } from "./fake-kube.ts";
import { feed, HOUR_MS, SETTINGS, START_MS } from "./race-day.ts";

const logger = createLogger({ service: "operator", level: "silent", format: "json" });

/** What NATS would show and do. */
export class FakeLogs {
  readonly ensured: { readonly raceId: string; readonly limits: StreamLimits }[] = [];
  feedSeen: FeedSeen | undefined = feed();
  /** Races whose streams fit on the disk. */
  roomFor = Number.POSITIVE_INFINITY;
  readonly #streams = new Map<string, StreamsSeen>();

  streams(raceId: string): StreamsSeen {
    return this.#streams.get(raceId) ?? { state: "unknown" };
  }

  async ensure(raceId: string, limits: StreamLimits): Promise<void> {
    this.ensured.push({ raceId, limits });
    const held = [...this.#streams.values()].filter(({ state }) => state === "ready").length;
    const hasRoom = this.#streams.get(raceId)?.state === "ready" || held < this.roomFor;
    if (hasRoom) this.#streams.set(raceId, { state: "ready", limits });
    else this.#streams.set(raceId, { state: "refused", message: "No room." });
  }

  async remove(raceId: string): Promise<readonly string[]> {
    this.#streams.delete(raceId);
    return [`RACE-${raceId}`, `FACT-${raceId}`];
  }

  async feed(): Promise<FeedSeen | undefined> {
    return this.feedSeen;
  }

  async keepOnly(): Promise<void> {}
}

export interface RunningOperator {
  readonly url: string;
  readonly stop: () => Promise<void>;
  /** Without giving anything back, as a killed process. */
  readonly metrics: () => Promise<string>;
  readonly warm: (race: string, app: string) => Promise<{ readonly code: number; readonly replicas: unknown }>;
  readonly isReady: () => Promise<boolean>;
}

/** A race day with any number of operators on one API server and one log. */
export class OperatorRig {
  readonly kube: FakeKube;
  readonly clock = new StepClock(START_MS - 2 * HOUR_MS);
  logs = new FakeLogs();
  readonly archived: string[] = [];
  readonly removed: string[] = [];
  readonly #running = new Set<RunningOperator>();

  static async start(): Promise<OperatorRig> {
    return new OperatorRig(await FakeKube.start());
  }

  private constructor(kube: FakeKube) {
    this.kube = kube;
  }

  async stop(): Promise<void> {
    for (const one of this.#running) await one.stop();
    await this.kube.stop();
  }

  race(name: string, spec: Readonly<Record<string, unknown>> = {}, creationTimestamp = "2026-02-13T00:00:00Z"): void {
    const start = new Date(START_MS).toISOString();
    const whole = { track: "daytona", start, durationMinutes: 180, expectedCars: 40, sampleRateHz: 120, ...spec };
    this.kube.put("races", { kind: "Race", metadata: { name, creationTimestamp }, spec: whole });
  }

  /** The release's Deployments, so many replicas each. */
  release(raceId: string, replicas: number, ready = replicas): void {
    for (const app of ["ingest", "processor", "inference", "gateway"]) {
      const labels = { "burnline.dev/race": raceId, "app.kubernetes.io/component": app };
      const status = { replicas, readyReplicas: ready };
      this.kube.put("deployments", { metadata: { name: `${raceId}-${app}`, labels }, spec: { replicas }, status });
    }
  }

  async operator(name: string, overrides: Partial<OperatorOptions> = {}): Promise<RunningOperator> {
    const [health, metrics] = [new Health(), new Metrics(["operator"])];
    const server = new HttpServer({ host: "127.0.0.1", port: 0, health, metrics, closeMsMax: 100 });
    const archive = async ({ raceId }: { raceId: string }) => {
      this.archived.push(raceId);
      return { uri: `s3://b/archive/burnline/${raceId}`, frames: 3, facts: 2, objects: 4, bytes: 100 };
    };
    const remove: OperatorOptions["remove"] = async ({ raceId }, _signal, isFree) => {
      if (!isFree()) throw new OperatingError("It is in use.");
      this.removed.push(raceId);
      return { streams: await this.logs.remove(raceId) };
    };
    const parts: readonly Part[] = createOperator({
      ...{
        kube: this.kube.open(),
        logs: this.logs,
        archive,
        remove,
        settings: SETTINGS,
        server,
        health,
        metrics,
        logger,
      },
      ...{ clock: this.clock, steadyClock, lease: "burnline-operator", name, resyncMs: 20, retryMs: 20 },
      ...overrides,
    });
    for (const part of parts) await part.start();
    await server.start();
    const url = `http://127.0.0.1:${server.port}`;
    const one: RunningOperator = {
      url,
      stop: async () => {
        this.#running.delete(one);
        await server.stop();
        for (const part of parts.toReversed()) await part.stop();
      },
      metrics: () => metrics.render(),
      warm: async (race, app) => {
        const response = await fetch(`${url}/warm/${race}/${app}`);
        const body = (await response.json()) as { replicas?: unknown };
        return { code: response.status, replicas: body.replicas };
      },
      isReady: async () => (await health.readiness()).isReady,
    };
    this.#running.add(one);
    return one;
  }

  status(name: string): StatusShown | undefined {
    return this.kube.get("races", name)?.status as StatusShown | undefined;
  }

  condition(name: string, type: string): ConditionShown | undefined {
    return this.status(name)?.conditions.find((condition) => condition.type === type);
  }

  events(): readonly EventShown[] {
    return this.kube.all("events") as readonly unknown[] as readonly EventShown[];
  }

  get leaseHolder(): string {
    const lease = this.kube.get("leases", "burnline-operator")?.spec as { holderIdentity?: string } | undefined;
    return lease?.holderIdentity ?? "";
  }
}

interface ConditionShown {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface StatusShown {
  readonly phase: string;
  readonly observedGeneration: number;
  readonly warm: Readonly<Record<string, number>>;
  readonly streams: { readonly raceBytesMax: number };
  readonly conditions: readonly ConditionShown[];
}

interface EventShown {
  readonly metadata: { readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly name: string };
  readonly series?: { readonly count: number };
}
