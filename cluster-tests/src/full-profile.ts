import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Figures, secondsText } from "./figures.ts";
import { type Kube, type Manifest, type ObjectKey, until } from "./kube.ts";
import { firstOf, type Platform } from "./platform.ts";
import type { PlatformOptions } from "./platform-manifests.ts";
import { evictPod, exhaustMemory, killPod, replacePod } from "./pod-faults.ts";
import { ReplicaWatch } from "./replica-watch.ts";
import type { WatchedRace } from "./watched-race.ts";

const APPS = ["gateway", "ingest", "inference"] as const;
/** Share of a core per processor that this race is above, however quick the machine. */
const BUSY_TARGET_SMALL = 0.05;
/** KEDA looks every 2 s here, the HPA every 15 s; a pod takes some seconds. */
const SCALED_OUT_SECONDS_MAX = 180;
/** Several looks of KEDA and HPA. */
const FROZEN_MS = 45_000;
/** One pod a minute, after ten quiet seconds. */
const SCALED_IN_SECONDS_MAX = 300;

/** A server's pod ends in good order, starts again and reads what it stored; who lost it tries again. */
const SERVER_BACK_SECONDS_MAX = 60;

export interface Story {
  readonly kube: Kube;
  readonly platform: Platform;
  readonly figures: Figures;
  readonly manifests: (options?: Partial<PlatformOptions>) => Promise<Manifest[]>;
  /** Lets something happen and holds the longest gap against what is allowed. */
  readonly measured: (step: string, happen: () => Promise<string>, gapMsMax?: number) => Promise<void>;
  readonly race: () => WatchedRace;
  /** Of the Race that is under way. */
  readonly raceKey: ObjectKey;
}

/** What takes longer than CI may. The race of the story runs through all of it. */
export function fullProfile({ kube, platform, manifests, measured, figures, race, raceKey }: Story): void {
  const editions: Record<string, string> = { processor: "2" };
  for (const app of APPS) {
    test(`a pod of ${app} is killed, then all of them roll, and the race goes on`, async () => {
      await measured(`${app} killed`, async () => {
        await killPod(kube, firstOf(await platform.pods(app), app));
        return "";
      });
      await platform.ready();
      await measured(`${app} rolled`, async () => {
        const startMs = performance.now();
        editions[app] = "2";
        await platform.apply(await manifests({ editions }));
        await platform.ready();
        return `in ${secondsText(performance.now() - startMs)}`;
      });
    });
  }

  test("a node that is drained asks, and a processor leaves in good order", async () => {
    await measured("processor evicted", async () => {
      await evictPod(kube, firstOf(await platform.pods("processor"), "processor"));
      return "";
    });
    await platform.ready();
  });

  test("a processor that runs out of memory is ended by the kernel, and its cars go on", async () => {
    await measured("processor out of memory", async () =>
      exhaustMemory(kube, firstOf(await platform.pods("processor"), "processor")),
    );
    await platform.ready();
  });

  for (const server of ["redis", "nats"] as const) {
    test(`${server} is restarted, and the race goes on`, async () => {
      // One server of each, as in a trial: all stands still until it is back. In production there are three of NATS.
      await measured(
        `${server} restarted`,
        async () => {
          await replacePod(kube, `${server}-0`);
          await platform.ready();
          await race().goesOn(SERVER_BACK_SECONDS_MAX);
          return "";
        },
        SERVER_BACK_SECONDS_MAX * 1_000,
      );
    });
  }

  test("KEDA makes four processors of two while they are busy, keeps them on race day, and goes back to two after it", async () => {
    const watch = new ReplicaWatch(kube, "processor");
    watch.start();
    // Two processors take about a tenth of a core each for this race, whatever else the machine does.
    await platform.apply(await manifests({ editions, processorsMax: 4, busyTarget: BUSY_TARGET_SMALL }));
    await until(
      SCALED_OUT_SECONDS_MAX,
      async () => watch.replicas === 4,
      () => `processors: ${watch.text}`,
    );
    race().begin();
    await platform.apply(await manifests({ editions, processorsMax: 4 }));
    // They are far from busy enough now, but on race day nobody is taken away.
    await sleep(FROZEN_MS);
    expect(watch.replicas).toBe(4);
    await kube.remove(raceKey);
    await until(
      SCALED_IN_SECONDS_MAX,
      async () => watch.replicas === 2,
      () => `processors: ${watch.text}`,
    );
    await watch.stop();
    figures.say("processors by KEDA", `${watch.text}; longest gap ${Math.round(race().gaps().commitMs)} ms`);
  });
}
