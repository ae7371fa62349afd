import { FlagState } from "@burnline/contract";
import { StepClock } from "@burnline/std";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeLogs, OperatorRig, type RunningOperator } from "./testing/operator-rig.ts";
import { CHECKERED_SEEN, feed, flag, HOUR_MS, MINUTE_MS, SETTINGS, START_MS } from "./testing/race-day.ts";

const QUIET_MS = 6 * MINUTE_MS;
const SENDING = feed({ frames: 400, cars: 40 });
const FREEZING = ["WarmingUp", "Ready", "Racing", "Finishing"];

let rig: OperatorRig;
beforeEach(async () => {
  rig = await OperatorRig.start();
});
afterEach(() => rig.stop());

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const phaseIs = (phase: string, name = "daytona") => soon(() => expect(rig.status(name)?.phase).toBe(phase));

/** Half an hour before the start, and all is there. */
async function ready(operator: string): Promise<RunningOperator> {
  rig.race("daytona");
  rig.release("daytona", 2);
  rig.logs.feedSeen = SENDING;
  rig.clock.advance(90 * MINUTE_MS);
  const one = await rig.operator(operator);
  await phaseIs("Ready");
  return one;
}

async function reconciles(one: RunningOperator): Promise<number> {
  const counted = (await one.metrics()).matchAll(/^operator_reconciles_total\{outcome="\w+"\} (\d+)/gm);
  return [...counted].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Each Race was looked at some more times. */
async function looked(one: RunningOperator, times = 10): Promise<void> {
  const before = await reconciles(one);
  await soon(async () => expect(await reconciles(one)).toBeGreaterThanOrEqual(before + times));
}

const isLeading = async (one: RunningOperator) => /^operator_leader_state 1$/m.test(await one.metrics());

describe("a race day", () => {
  test("goes from the streams to the archive, and each condition says where it stands", async () => {
    rig.race("daytona");
    const one = await rig.operator("a");
    await phaseIs("Pending");
    await soon(() => expect(rig.condition("daytona", "StreamReady")?.status).toBe("True"));
    expect(rig.logs.ensured.map(({ raceId }) => raceId)).toEqual(["daytona"]);
    expect(rig.condition("daytona", "CapacityReady")).toMatchObject({ status: "False", reason: "NoRelease" });
    expect(await one.warm("daytona", "processor")).toEqual({ code: 200, replicas: 0 });

    rig.release("daytona", 2, 1);
    rig.clock.advance(HOUR_MS);
    await phaseIs("WarmingUp");
    await soon(async () => expect(await one.warm("daytona", "processor")).toEqual({ code: 200, replicas: 2 }));
    await soon(() => expect(rig.condition("daytona", "CapacityReady")).toMatchObject({ reason: "WaitingForReplicas" }));
    expect(rig.condition("daytona", "ScaleInFrozen")?.status).toBe("True");

    rig.release("daytona", 2);
    await soon(() => expect(rig.condition("daytona", "FeedSeen")).toMatchObject({ reason: "NoFrames" }));
    rig.logs.feedSeen = SENDING;
    await phaseIs("Ready");
    expect(rig.condition("daytona", "RaceReady")?.status).toBe("True");

    rig.logs.feedSeen = feed({ ...SENDING, flags: [flag(FlagState.GREEN, START_MS)] });
    await phaseIs("Racing");
    rig.release("daytona", 5);
    await soon(async () => expect((await one.warm("daytona", "processor")).replicas).toBe(5));
    rig.release("daytona", 3);
    await looked(one);
    expect(await one.warm("daytona", "processor")).toEqual({ code: 200, replicas: 5 });

    rig.logs.feedSeen = feed({ ...SENDING, flags: CHECKERED_SEEN, quietMs: QUIET_MS });
    await phaseIs("Done");
    expect(rig.archived).toEqual(["daytona"]);
    expect(rig.condition("daytona", "Archived")).toMatchObject({ status: "True", reason: "Archived" });
    await soon(async () => expect(await one.warm("daytona", "processor")).toEqual({ code: 200, replicas: 0 }));

    const phases = rig
      .events()
      .filter(({ note, type }) => type === "Normal" && note !== "")
      .map(({ reason }) => reason);
    for (const phase of ["Pending", "WarmingUp", "Ready", "Racing", "Done"]) expect(phases).toContain(phase);
    expect(
      rig
        .events()
        .filter(({ type }) => type === "Warning")
        .map(({ reason }) => reason),
    ).toContain("NoRelease");
  });

  test("an edit is answered by the generation that was read", async () => {
    await ready("a");
    expect(rig.status("daytona")?.observedGeneration).toBe(1);
    rig.race("daytona", { expectedCars: 38 });
    await soon(() => expect(rig.status("daytona")?.observedGeneration).toBe(2));
  });

  test("a race that is ready is written no more, whatever else happens to workloads", async () => {
    const one = await ready("a");
    await looked(one);
    const writes = rig.kube.patched.length;
    rig.release("other", 7);
    await looked(one);
    expect(rig.kube.patched).toHaveLength(writes);
  });

  test("a Race that cannot be read stops no other one", async () => {
    rig.race("broken", { sampleRateHz: "fast" });
    await ready("a");
    expect(rig.status("broken")).toBeUndefined();
  });

  test("a Race that is deleted asks for nothing and has no series any more", async () => {
    const one = await ready("a");
    await soon(async () => expect(await one.metrics()).toMatch(/operator_warm_replicas_count\{.*race="daytona"/));
    rig.kube.remove("races", "daytona");
    await soon(async () => expect(await one.warm("daytona", "processor")).toEqual({ code: 200, replicas: 0 }));
    await soon(async () => expect(await one.metrics()).not.toContain('race="daytona"'));
  });
});

describe("a release whose apps wait for streams and that has no Race", () => {
  const initialStreams = { raceBytesMax: 3_000, factBytesMax: 3_000, maxAgeMs: HOUR_MS };
  const made = () => rig.logs.ensured.map(({ raceId, limits }) => [raceId, limits.raceBytesMax]);

  test("gets the release's own limits, or pulumi up would wait for ready pods until it fails", async () => {
    rig.release("daytona", 2, 0);
    const one = await rig.operator("a", { initialStreams });
    await soon(() => expect(made()).toEqual([["daytona", 3_000]]));
    await looked(one, 3);
    expect(made()).toHaveLength(1);
  });

  test("gets none from an operator whose apps make their own, or that does not lead", async () => {
    rig.release("daytona", 2);
    const leader = await rig.operator("a");
    await soon(async () => expect(await isLeading(leader)).toBe(true));
    await rig.operator("b", { initialStreams });
    await looked(leader, 3);
    expect(made()).toEqual([]);
  });

  test("is its Race's as soon as there is one", async () => {
    rig.release("daytona", 2);
    await rig.operator("a", { initialStreams });
    await soon(() => expect(made()).toHaveLength(1));
    rig.race("daytona");
    await soon(() => expect(made()).toHaveLength(2));
    expect(made()[1]).toEqual(["daytona", rig.status("daytona")?.streams.raceBytesMax]);
    expect(made()[1]?.[1]).toBeGreaterThan(3_000);
  });

  test("is tried again until there is room", async () => {
    rig.logs.roomFor = 0;
    rig.release("daytona", 2);
    await rig.operator("a", { initialStreams });
    await soon(() => expect(made().length).toBeGreaterThan(1));
    rig.logs.roomFor = 1;
    await soon(() => expect(rig.logs.streams("daytona").state).toBe("ready"));
  });
});

describe("a second race on the same platform", () => {
  const initialStreams = { raceBytesMax: 3_000, factBytesMax: 3_000, maxAgeMs: HOUR_MS };
  const done = async () => {
    rig.race("daytona", { start: new Date(START_MS - 30 * HOUR_MS).toISOString() });
    rig.release("daytona", 2);
    rig.logs.feedSeen = feed({ flags: CHECKERED_SEEN, quietMs: QUIET_MS });
    await rig.logs.ensure("daytona", initialStreams);
    rig.logs.roomFor = 1;
  };
  const moveOn = () => {
    for (const app of ["ingest", "processor", "inference", "gateway"]) rig.kube.remove("deployments", `daytona-${app}`);
    rig.release("talladega", 2);
  };

  test("gets the room of the first one as soon as that is archived and its release has moved on", async () => {
    await done();
    const one = await rig.operator("a", { initialStreams });
    await phaseIs("Done");
    await looked(one);
    expect(rig.condition("daytona", "StreamsRemoved")).toMatchObject({ status: "False", reason: "InUse" });
    rig.race("talladega");
    await soon(() => expect(rig.condition("talladega", "StreamReady")?.reason).toBe("StreamRefused"));
    expect(rig.removed).toEqual([]);
    moveOn();
    await soon(() => expect(rig.condition("talladega", "StreamReady")?.status).toBe("True"));
    expect(rig.removed).toEqual(["daytona"]);
    await soon(() => expect(rig.condition("daytona", "StreamsRemoved")?.reason).toBe("Removed"));
  });

  test("gets it too when nobody has made a Race for it yet", async () => {
    await done();
    await rig.operator("a", { initialStreams });
    await phaseIs("Done");
    moveOn();
    await soon(() => expect(rig.logs.streams("talladega").state).toBe("ready"));
    expect(rig.removed).toEqual(["daytona"]);
  });

  test("takes nothing from a race that could not be archived", async () => {
    await done();
    const one = await rig.operator("a", { initialStreams, settings: { ...SETTINGS, hasBucket: false } });
    await phaseIs("Done");
    moveOn();
    await looked(one);
    expect(rig.removed).toEqual([]);
    expect(rig.condition("daytona", "StreamsRemoved")).toMatchObject({ status: "False", reason: "NotArchived" });
  });

  test("does not get it again from an operator that starts anew", async () => {
    await done();
    const one = await rig.operator("a", { initialStreams });
    await phaseIs("Done");
    moveOn();
    await soon(() => expect(rig.condition("daytona", "StreamsRemoved")?.status).toBe("True"));
    await one.stop();
    const other = await rig.operator("b", { initialStreams });
    await looked(other);
    expect(rig.removed).toEqual(["daytona"]);
    expect(rig.archived).toEqual(["daytona"]);
  });
});

describe("of two Races with one race id", () => {
  test("the younger one is refused by a condition and an event, and takes over when the older one is gone", async () => {
    const one = await ready("a");
    rig.race("daytona-again", { raceId: "daytona", expectedCars: 1 }, "2026-02-14T00:00:00Z");
    await soon(() => expect(rig.condition("daytona-again", "Accepted")).toMatchObject({ reason: "RaceIdTaken" }));
    expect(rig.condition("daytona-again", "RaceReady")?.status).toBe("False");
    await soon(() =>
      expect(rig.events()).toContainEqual(
        expect.objectContaining({
          reason: "RaceIdTaken",
          regarding: expect.objectContaining({ name: "daytona-again" }),
        }),
      ),
    );
    expect((await one.warm("daytona", "processor")).replicas).toBe(2);
    expect(rig.status("daytona")?.phase).toBe("Ready");
    rig.kube.remove("races", "daytona");
    await phaseIs("Ready", "daytona-again");
    expect(rig.condition("daytona-again", "Accepted")?.status).toBe("True");
  });
});

describe("operators that come and go", () => {
  test("a restart changes nothing: no status, no event, no archive", async () => {
    const first = await ready("a");
    await looked(first);
    await first.stop();
    const [writes, events] = [rig.kube.patched.length, JSON.stringify(rig.events())];
    // What the former one knew of the streams is gone with it.
    rig.logs = new FakeLogs();
    rig.logs.feedSeen = SENDING;
    const second = await rig.operator("a");
    await soon(async () => expect(await isLeading(second)).toBe(true));
    await looked(second);
    expect(rig.logs.ensured).toHaveLength(1);
    expect(rig.kube.patched).toHaveLength(writes);
    expect(JSON.stringify(rig.events())).toBe(events);
    expect(rig.archived).toEqual([]);
  });

  test("one of two leads, both answer, and the other one goes on when it stops", async () => {
    const first = await ready("a");
    const second = await rig.operator("b");
    await looked(first);
    expect([await isLeading(first), await isLeading(second)]).toEqual([true, false]);
    expect(rig.kube.all("leases")).toHaveLength(1);
    expect(await reconciles(second)).toBe(0);
    expect(await second.warm("daytona", "processor")).toEqual(await first.warm("daytona", "processor"));

    await first.stop();
    await soon(async () => expect(await isLeading(second)).toBe(true));
    expect(rig.leaseHolder).toMatch(/^b_/);
    rig.logs.feedSeen = feed({ ...SENDING, flags: [flag(FlagState.GREEN, START_MS)] });
    await phaseIs("Racing");
  });

  test("a leader that gave nothing back is waited for until its lease is over", async () => {
    const steadyClock = new StepClock(0);
    const now = new Date(0).toISOString();
    const spec = {
      holderIdentity: "dead",
      leaseDurationSeconds: 15,
      renewTime: now,
      acquireTime: now,
      leaseTransitions: 3,
    };
    rig.kube.put("leases", { metadata: { name: "burnline-operator" }, spec });
    rig.race("daytona");
    await rig.operator("a", { steadyClock });
    const read = async (times: number) => {
      const before = rig.kube.leaseReads;
      await soon(() => expect(rig.kube.leaseReads).toBeGreaterThanOrEqual(before + times));
    };
    await read(2);
    steadyClock.advance(14_000);
    await read(2);
    expect([rig.leaseHolder, rig.status("daytona")]).toEqual(["dead", undefined]);
    steadyClock.advance(2_000);
    await phaseIs("Pending");
    expect(rig.leaseHolder).toMatch(/^a_/);
  });
});

describe("without an API server", () => {
  test("what was known is still answered; nobody leads after a while; all goes on when it is back", async () => {
    const steadyClock = new StepClock(0);
    rig.race("daytona");
    rig.release("daytona", 2);
    rig.logs.feedSeen = SENDING;
    rig.clock.advance(90 * MINUTE_MS);
    const one = await rig.operator("a", { steadyClock });
    await phaseIs("Ready");
    await soon(async () => expect((await one.warm("daytona", "gateway")).replicas).toBe(2));

    rig.kube.goAway();
    steadyClock.advance(11_000);
    await soon(async () => expect(await isLeading(one)).toBe(false));
    expect(await one.warm("daytona", "gateway")).toEqual({ code: 200, replicas: 2 });
    expect(await one.isReady()).toBe(true);
    // Nobody tells of this one until the next list.
    rig.logs.feedSeen = feed({ ...SENDING, flags: [flag(FlagState.GREEN, START_MS)] });
    rig.race("phoenix", { expectedCars: 36 });

    rig.kube.comeBack();
    await phaseIs("Racing");
    await phaseIs("Racing", "phoenix");
    expect(await isLeading(one)).toBe(true);
  });

  test("at the start nothing is answered that is not known, so nothing is scaled in", async () => {
    rig.race("daytona");
    rig.kube.goAway();
    const one = await rig.operator("a");
    expect(await one.warm("daytona", "processor")).toMatchObject({ code: 503 });
    expect(await one.isReady()).toBe(false);
    rig.kube.comeBack();
    await soon(async () => expect(await one.warm("daytona", "processor")).toEqual({ code: 200, replicas: 0 }));
    expect(await one.isReady()).toBe(true);
  });
});

test("an app that is never warmed up and a race that nobody knows are not the same answer", async () => {
  const one = await ready("a");
  expect(await one.warm("daytona", "dashboard")).toMatchObject({ code: 404 });
  expect(await one.warm("phoenix", "processor")).toEqual({ code: 200, replicas: 0 });
});

test("whatever the phase, what is asked for is what the status says", async () => {
  const one = await ready("a");
  for (const flags of [[flag(FlagState.GREEN, START_MS)], CHECKERED_SEEN]) {
    rig.logs.feedSeen = feed({ ...SENDING, flags });
    await looked(one);
    const status = rig.status("daytona");
    expect(FREEZING).toContain(status?.phase);
    for (const app of ["ingest", "processor", "inference", "gateway"])
      expect((await one.warm("daytona", app)).replicas).toBe(status?.warm[app]);
  }
});
