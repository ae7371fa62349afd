import { createLogger } from "@burnline/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EventRecorder } from "./event-recorder.ts";
import { ConflictError, KubeApi } from "./kube-api.ts";
import { plan } from "./race-plan.ts";
import { parseRace } from "./race-resource.ts";
import { FakeKube } from "./testing/fake-kube.ts";
import { observed, SETTINGS, START_MS } from "./testing/race-day.ts";

const logger = createLogger({ service: "operator", level: "silent", format: "json" });
const SPEC = {
  ...{ track: "daytona", start: "2026-02-15T19:30:00Z", durationMinutes: 180, expectedCars: 40, sampleRateHz: 120 },
};
const RECORD = { holder: "a", leaseMs: 15_000, acquiredMs: START_MS, renewedMs: START_MS + 1_500, transitions: 2 };

let kube: FakeKube;
let api: KubeApi;
beforeEach(async () => {
  kube = await FakeKube.start();
  api = kube.open();
});
afterEach(() => kube.stop());

function readRace(name: string) {
  const parsed = parseRace(kube.get("races", name));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("a write from an older version is refused", () => {
  test("of a Race's status", async () => {
    kube.put("races", { metadata: { name: "daytona" }, spec: SPEC });
    const old = readRace("daytona");
    const { status } = plan(old, observed(), SETTINGS, START_MS);
    kube.put("races", { metadata: { name: "daytona", labels: { edited: "yes" } }, spec: SPEC });
    await expect(api.patchRaceStatus(old, status)).rejects.toBeInstanceOf(ConflictError);
    expect(kube.get("races", "daytona")?.status).toBeUndefined();
    await api.patchRaceStatus(readRace("daytona"), status);
    expect(readRace("daytona").status).toEqual(status);
  });

  test("of a lease, and a second one that is made at the same time", async () => {
    const held = await api.writeLease("lease", RECORD, undefined);
    expect(held.record).toEqual(RECORD);
    expect(await api.readLease("lease")).toEqual(held);
    await expect(api.writeLease("lease", RECORD, undefined)).rejects.toBeInstanceOf(ConflictError);
    const renewed = await api.writeLease("lease", { ...RECORD, renewedMs: START_MS + 3_000 }, held.version);
    await expect(api.writeLease("lease", RECORD, held.version)).rejects.toBeInstanceOf(ConflictError);
    expect(await api.readLease("lease")).toEqual(renewed);
  });
});

test("a lease that nobody made is none", async () => {
  expect(await api.readLease("lease")).toBeUndefined();
});

test("the same event again is one that happened twice; another one is another", async () => {
  kube.put("races", { metadata: { name: "daytona" }, spec: SPEC });
  const events = new EventRecorder(api, "operator-1", logger);
  const event = { type: "Warning", reason: "FeedQuiet", action: "FeedSeen", note: "No frame." } as const;
  const race = readRace("daytona");
  for (const seconds of [0, 10, 20]) await events.record(race, event, START_MS + seconds * 1_000);
  await events.record(race, { ...event, note: "Another." }, START_MS);
  const kept = kube.all("events") as readonly unknown[] as readonly { note: string; series?: { count: number } }[];
  expect(kept.map(({ note, series }) => [note, series?.count])).toEqual([
    ["No frame.", 3],
    ["Another.", undefined],
  ]);
});

test("an event that cannot be written stops nothing", async () => {
  kube.put("races", { metadata: { name: "daytona" }, spec: SPEC });
  const race = readRace("daytona");
  kube.goAway();
  const events = new EventRecorder(api, "operator-1", logger);
  await events.record(race, { type: "Normal", reason: "Ready", action: "ChangePhase", note: "Ready." }, START_MS);
  expect(kube.all("events")).toEqual([]);
});

describe("what is wrong is one sentence", () => {
  test("no API server", async () => {
    kube.goAway();
    await expect(api.readLease("lease")).rejects.toThrow(
      /^Kubernetes did not answer to "get leases" in burnline \(.+\)\.$/,
    );
  });

  test("no CRD", async () => {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    const races = KubeApi.open({ kubeconfig: kube.kubeconfig, namespace: "elsewhere" }).watchRaces();
    await races.start(createLogger({ service: "operator", level: "warn", format: "json", write }), () => {});
    await races.stop();
    expect(races.isSynced).toBe(false);
    expect(lines.join("")).toContain("Kubernetes knows no Races: apply charts/burnline/crds/races.burnline.dev.yaml.");
  });

  test("neither a pod nor a file", () => {
    expect(() => KubeApi.open({ kubeconfig: undefined, namespace: "burnline" })).toThrow(
      /run in a pod, or give --kubeconfig/,
    );
    expect(() => KubeApi.open({ kubeconfig: "/nowhere/config", namespace: "burnline" })).toThrow(/--kubeconfig/);
  });
});
