import { describe, expect, test } from "vitest";
import type { LeaseView, Member } from "./membership.ts";
import { GIVE_BACK_MS, Ownership, REBALANCE_AFTER_MS, UNTAKEN_MS } from "./ownership.ts";
import type { OwnershipCommand } from "./ownership-command.ts";
import { type HoldEvent, type HoldState, nextHoldState } from "./ownership-hold.ts";
import { EXPIRED_GRACE_MS, RESERVED_MS } from "./ownership-leases.ts";
import { HEARTBEAT_TTL_MS, nextPeerState, type PeerEvent, type PeerState } from "./ownership-peers.ts";

const HOLD_TABLE: Record<HoldState, Record<HoldEvent, HoldState | "impossible">> = {
  elsewhere: {
    wanted: "acquiring",
    unwanted: "elsewhere",
    acquired: "impossible",
    refused: "impossible",
    failed: "impossible",
    lost: "impossible",
    released: "impossible",
  },
  acquiring: {
    wanted: "acquiring",
    unwanted: "acquiring",
    acquired: "owned",
    refused: "elsewhere",
    failed: "elsewhere",
    lost: "impossible",
    released: "impossible",
  },
  owned: {
    wanted: "owned",
    unwanted: "releasing",
    acquired: "impossible",
    refused: "impossible",
    failed: "elsewhere",
    lost: "elsewhere",
    released: "impossible",
  },
  releasing: {
    wanted: "releasing",
    unwanted: "releasing",
    acquired: "impossible",
    refused: "impossible",
    failed: "elsewhere",
    lost: "elsewhere",
    released: "elsewhere",
  },
};

const PEER_TABLE: Record<PeerState, Record<PeerEvent, PeerState>> = {
  trusted: {
    answered: "trusted",
    noResponders: "suspected",
    noAnswer: "trusted",
    beat: "trusted",
    silence: "silent",
  },
  suspected: {
    answered: "trusted",
    noResponders: "gone",
    noAnswer: "suspected",
    beat: "suspected",
    silence: "silent",
  },
  gone: {
    answered: "trusted",
    noResponders: "gone",
    noAnswer: "gone",
    beat: "unreachable",
    silence: "silent",
  },
  unreachable: {
    answered: "trusted",
    noResponders: "unreachable",
    noAnswer: "unreachable",
    beat: "unreachable",
    silence: "silent",
  },
  silent: {
    answered: "silent",
    noResponders: "silent",
    noAnswer: "silent",
    beat: "trusted",
    silence: "silent",
  },
};

describe("the truth tables", () => {
  test.each(rows(HOLD_TABLE))("a partition that is %s, %s: %s", (state, event, expected) => {
    expect(nextHoldState(state, event)).toBe(expected);
  });

  test.each(rows(PEER_TABLE))("a peer that is %s, %s: %s", (state, event, expected) => {
    expect(nextPeerState(state, event)).toBe(expected);
  });
});

describe("a death", () => {
  test("two answers of no responders, with a look between them: taken at once, by the lease's epoch", () => {
    const { core, view, decide } = twoMembers();
    core.onAnswer(1_100, "b", "no-responders");
    expect(decide(1_100)).toEqual([
      { type: "announce", message: { type: "suspected", memberId: "b" } },
      { type: "look" },
    ]);
    view(1_110);
    expect(decide(1_110)).toEqual([{ type: "ask", memberId: "b" }]);
    core.onAnswer(1_112, "b", "no-responders");
    expect(decide(1_112)).toEqual(
      [2, 3].map((partition) => {
        return { type: "acquire", partition, takeOverEpoch: 7, reason: "no-responders", sinceMs: 1_000 };
      }),
    );
  });

  test("one answer of no responders and then a good one: nothing is taken", () => {
    const { core, view, decide } = twoMembers();
    core.onAnswer(1_100, "b", "no-responders");
    decide(1_100);
    view(1_110);
    decide(1_110);
    core.onAnswer(1_112, "b", "alive");
    expect(taken(decide(1_112))).toEqual([]);
    core.onAnswer(1_200, "b", "no-responders");
    expect(taken(decide(1_200))).toEqual([]);
  });

  test("timeouts say nothing; a heartbeat that stands still for too long does", () => {
    const { core, view, decide } = twoMembers();
    for (let nowMs = 1_100; nowMs < 1_000 + HEARTBEAT_TTL_MS; nowMs += 100) {
      core.onAnswer(nowMs, "b", "timeout");
      view(nowMs);
      expect(taken(decide(nowMs))).toEqual([]);
    }
    const deadMs = 1_000 + HEARTBEAT_TTL_MS;
    view(deadMs);
    expect(decide(deadMs).find(({ type }) => type === "acquire")).toMatchObject({
      ...{ partition: 2, takeOverEpoch: 7, reason: "silence", sinceMs: 1_000 },
    });
  });

  test("who was held up itself counts that against nobody", () => {
    const { view, decide } = twoMembers();
    view(9_000);
    expect(taken(decide(9_000))).toEqual([]);
    expect(taken(decide(9_100))).toEqual([]);
  });

  test("one that nobody answers for, but that goes on beating, keeps what it has", () => {
    const { core, view, decide } = twoMembers();
    for (const nowMs of [1_100, 1_110]) {
      core.onAnswer(nowMs, "b", "no-responders");
      view(nowMs + 1, 2);
      if (nowMs === 1_100) decide(nowMs + 1);
    }
    view(1_120, 3);
    expect(taken(decide(1_120))).toEqual([]);
  });

  test("who is suspected is asked once per look, also when every question fails at once", () => {
    const { core, view, decide } = twoMembers();
    core.onAnswer(1_100, "b", "no-responders");
    decide(1_100);
    view(1_110);
    let asked = 0;
    // As with a connection that is closed: the answer is there in the same moment, and calls for a new decision.
    while (decide(1_110).some(({ type }) => type === "ask") && asked < 10) {
      asked += 1;
      core.onAnswer(1_110, "b", "timeout");
    }
    expect(asked).toBe(1);
    view(1_210);
    expect(decide(1_210)).toEqual([{ type: "ask", memberId: "b" }]);
  });

  test("a suspicion of another one is looked into at once, and only that", () => {
    const { core, decide } = twoMembers();
    decide(1_000);
    core.onAnswer(1_001, "b", "alive");
    core.onMessage(1_010, { type: "suspected", memberId: "b" });
    expect(decide(1_010)).toEqual([{ type: "ask", memberId: "b" }]);
  });
});

describe("a member that does not hear the log", () => {
  const cutOff = { beat: 2, logSilentMs: 600, isCutOff: true };

  test("that others hear says so at once, takes nothing and keeps nothing for itself", () => {
    const core = new Ownership({ memberId: "a", partitionCount: 2 });
    const look = (nowMs: number) => core.onView(nowMs, [member("b", { beat: nowMs })], [lease(1, "b")]);
    core.onPulse(1_000, 1);
    for (const nowMs of [1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600]) {
      look(nowMs);
      core.decide(nowMs);
      expect(core.heartbeat(nowMs, () => 0)).toMatchObject({ logSilentMs: nowMs - 1_000, isCutOff: nowMs > 1_500 });
    }
    core.onPulse(1_700, 2);
    look(1_700);
    expect(core.decide(1_700)).toContainEqual({ type: "beat" });
    expect(core.heartbeat(1_700, () => 0)).toMatchObject({ logSilentMs: 0, isCutOff: false });
  });

  test("that nobody else hears either is not cut off, and takes nothing", () => {
    const core = new Ownership({ memberId: "a", partitionCount: 2 });
    core.onPulse(1_000, 1);
    for (let nowMs = 1_000; nowMs <= 9_000; nowMs += 100) {
      core.onView(
        nowMs,
        [member("b", { beat: nowMs, logSilentMs: nowMs - 1_000 })],
        nowMs < 1_500 ? [lease(0, "b"), lease(1, "b")] : [],
      );
      expect(taken(core.decide(nowMs))).toEqual([]);
      expect(core.heartbeat(nowMs, () => 0)).toMatchObject({ isCutOff: false });
    }
  });

  test("and says so loses what it has at once, and is given nothing", () => {
    const core = new Ownership({ memberId: "a", partitionCount: 2 });
    core.onPulse(900, 1);
    core.onView(900, [member("b")], [lease(0, "b"), lease(1, "b")]);
    expect(taken(core.decide(900))).toEqual([]);
    core.onPulse(1_000, 2);
    core.onView(1_000, [member("b", cutOff)], [lease(0, "b"), lease(1, "b")]);
    expect(core.decide(1_000).filter(({ type }) => type === "acquire")).toMatchObject(
      [0, 1].map((partition) => ({ partition, takeOverEpoch: 7, reason: "cut-off" })),
    );
    core.onOutcome(1_010, 0, "acquired");
    core.onOutcome(1_010, 1, "acquired");
    for (let nowMs = 1_100; nowMs < 3_000; nowMs += 100) {
      core.onPulse(nowMs, nowMs);
      core.onView(nowMs, [member("b", { ...cutOff, beat: nowMs })], [lease(0, "a"), lease(1, "a")]);
      expect(released(core.decide(nowMs))).toEqual([]);
    }
  });
});

describe("a lease", () => {
  test("that ran out is left to an owner that lives for a while, then taken without its epoch", () => {
    const { view, decide } = scene([]);
    // The store was away: when we first see it the lease has long run out.
    view(1_100, 2, { expiresInMs: -60_000 });
    expect(taken(decide(1_100))).toEqual([]);
    view(1_600, 3, { expiresInMs: -60_500 });
    expect(taken(decide(1_600))).toEqual([]);
    view(1_100 + EXPIRED_GRACE_MS, 4, { expiresInMs: -61_000 });
    expect(decide(1_100 + EXPIRED_GRACE_MS).find(({ type }) => type === "acquire")).toEqual({
      ...{ type: "acquire", partition: 0, reason: "expired", sinceMs: 1_100 },
    });
  });

  test("that was refused is tried again only after a newer look", () => {
    const core = new Ownership({ memberId: "a", partitionCount: 1 });
    core.onView(1_000, [], []);
    expect(taken(core.decide(1_000))).toEqual([0]);
    core.onOutcome(1_010, 0, "refused");
    expect(taken(core.decide(1_010))).toEqual([]);
    core.onView(1_100, [], []);
    expect(taken(core.decide(1_100))).toEqual([0]);
  });

  test("after errors is tried again after 50 ms, 100 ms, 200 ms", () => {
    const core = new Ownership({ memberId: "a", partitionCount: 1 });
    const tries: number[] = [];
    for (let nowMs = 0; nowMs <= 400; nowMs += 10) {
      core.onView(nowMs, [], []);
      if (taken(core.decide(nowMs)).length === 0) continue;
      tries.push(nowMs);
      core.onOutcome(nowMs, 0, "failed");
    }
    expect(tries).toEqual([0, 50, 150, 350]);
  });
});

describe("a hand-over", () => {
  test("who has too much frees it for the other one, but not before things have settled, and says so when it is done", () => {
    const { core, view, decide } = threeOfFour();
    expect(released(decide(1_000))).toEqual([]);
    const settledMs = 1_000 + REBALANCE_AFTER_MS;
    view(settledMs, 2);
    expect(released(decide(settledMs))).toEqual([0]);
    expect(released(decide(settledMs))).toEqual([]);
    core.onOutcome(settledMs + 5, 0, "released");
    const message = { type: "freed", partition: 0, memberId: "a", toMemberId: "b" };
    expect(decide(settledMs + 5)).toEqual([{ type: "announce", message }]);
  });

  test("for whom it was freed takes it at once", () => {
    const { core, decide } = twoMembers();
    core.onMessage(1_050, { type: "freed", partition: 2, memberId: "b", toMemberId: "a" });
    expect(decide(1_050).filter(({ type }) => type === "acquire")).toEqual([
      { type: "acquire", partition: 2, reason: "handed-over", sinceMs: 1_050 },
    ]);
  });

  test("others leave it alone, unless it is left lying", () => {
    const core = new Ownership({ memberId: "a", partitionCount: 1 });
    const others = (beat: number) => ["b", "c"].map((memberId) => member(memberId, { beat }));
    core.onView(1_000, others(1), [lease(0, "b")]);
    core.onMessage(1_050, { type: "freed", partition: 0, memberId: "b", toMemberId: "c" });
    core.onView(1_100, others(2), []);
    expect(taken(core.decide(1_100))).toEqual([]);
    core.onView(1_050 + RESERVED_MS, others(3), []);
    expect(taken(core.decide(1_050 + RESERVED_MS))).toEqual([0]);
  });

  test("one that takes nothing of what is its own gets nothing more for a while", () => {
    const core = new Ownership({ memberId: "b", partitionCount: 2 });
    const tries = new Map<number, number>();
    for (let nowMs = 0; nowMs <= UNTAKEN_MS; nowMs += 100) {
      core.onView(nowMs, [member("a", { beat: nowMs + 1 })], tries.has(1) ? [lease(1, "b")] : []);
      for (const partition of taken(core.decide(nowMs))) {
        tries.set(partition, nowMs);
        core.onOutcome(nowMs, partition, "acquired");
      }
    }
    expect([...tries]).toEqual([
      [1, 0],
      [0, UNTAKEN_MS],
    ]);
  });

  test("who leaves gives back all it has, to those who stay, and takes nothing more", () => {
    const { core, view, decide } = threeOfFour();
    core.drain();
    const commands = decide(1_010);
    expect(released(commands)).toEqual([0, 1, 2]);
    expect(commands).toContainEqual({ type: "announce", message: { type: "leaving", memberId: "a" } });
    for (const partition of [0, 1, 2]) core.onOutcome(1_020, partition, "released");
    expect(core.isDrained).toBe(true);
    expect(decide(1_020).filter(({ type }) => type === "announce")).toHaveLength(3);
    expect(core.heartbeat(1_020, () => 0)).toMatchObject({ isDraining: true, partitions: [] });
    core.onMessage(1_030, { type: "freed", partition: 3, memberId: "b", toMemberId: "a" });
    view(1_030, 2);
    expect(taken(decide(1_030))).toEqual([]);
  });

  test("who leaves gives back all it has also when nothing can be seen", () => {
    const { core, decide } = threeOfFour();
    core.drain();
    expect(released(decide(60_000))).toEqual([0, 1, 2]);
  });

  test("of one that leaves nothing is expected any more, and nothing is freed for it", () => {
    const { core, view, decide } = threeOfFour();
    core.onMessage(1_010, { type: "leaving", memberId: "b" });
    for (const nowMs of [1_100, 1_400, 1_700]) {
      view(nowMs, nowMs);
      expect(released(decide(nowMs))).toEqual([]);
      expect(taken(decide(nowMs))).toEqual([]);
    }
  });
});

test("who leaves gives back at most 8 at the same time, and does not wait for what cannot be given back", () => {
  const core = new Ownership({ memberId: "a", partitionCount: 24 });
  core.onView(0, [], []);
  for (let round = 0; round < 3; round++)
    for (const partition of taken(core.decide(0))) core.onOutcome(0, partition, "acquired");
  expect(core.owned()).toHaveLength(24);
  core.drain();
  const first = released(core.decide(100));
  expect(first).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  core.onOutcome(150, 0, "released");
  expect(released(core.decide(150))).toEqual([8]);
  // Seven are stuck for too long to be waited for, the eighth is not.
  expect(released(core.decide(100 + GIVE_BACK_MS))).toEqual([9, 10, 11, 12, 13, 14, 15]);
  for (const partition of core.owned()) if (partition < 16) core.onOutcome(400, partition, "released");
  expect(released(core.decide(400))).toEqual([16, 17, 18, 19, 20, 21, 22, 23]);
});

test("without a fresh look nothing is taken and nothing given back", () => {
  const core = new Ownership({ memberId: "a", partitionCount: 1 });
  expect(taken(core.decide(0))).toEqual([]);
  core.onView(0, [], []);
  expect(taken(core.decide(501))).toEqual([]);
});

test("an outcome of something that was never asked for is a programmer's error", () => {
  const core = new Ownership({ memberId: "a", partitionCount: 1 });
  expect(() => core.onOutcome(0, 0, "acquired")).toThrow("partition 0 is elsewhere and cannot be acquired");
  expect(() => core.onOutcome(0, 1, "acquired")).toThrow("there is no partition 1");
});

function rows<S extends string, E extends string, X>(table: Record<S, Record<E, X>>): [S, E, X][] {
  return (Object.entries(table) as [S, Record<E, X>][]).flatMap(([state, events]) =>
    (Object.entries(events) as [E, X][]).map(([event, expected]): [S, E, X] => [state, event, expected]),
  );
}

function member(memberId: string, overrides: Partial<Member> = {}): Member {
  return {
    memberId,
    beat: 1,
    weight: 0,
    isDraining: false,
    logSilentMs: 0,
    isCutOff: false,
    partitions: [],
    ...overrides,
  };
}

function lease(partition: number, ownerId: string, overrides: Partial<LeaseView> = {}): LeaseView {
  return { partition, ownerId, epoch: 7, expiresInMs: 2_000, ...overrides };
}

function taken(commands: readonly OwnershipCommand[]): number[] {
  return commands.flatMap((command) => (command.type === "acquire" ? [command.partition] : []));
}

function released(commands: readonly OwnershipCommand[]): number[] {
  return commands.flatMap((command) => (command.type === "release" ? [command.partition] : []));
}

interface Scene {
  readonly core: Ownership;
  view(nowMs: number, beat?: number, overrides?: Partial<LeaseView>): void;
  decide(nowMs: number): readonly OwnershipCommand[];
}

/** "a" with partitions `own` of four and "b" with the others, at 1,000 ms, after a first turn in which "b" was asked. */
function scene(own: readonly number[]): Scene {
  const core = new Ownership({ memberId: "a", partitionCount: 4 });
  core.onView(0, [], []);
  const free = new Set(taken(core.decide(0)));
  for (const partition of free) core.onOutcome(0, partition, own.includes(partition) ? "acquired" : "refused");
  const view: Scene["view"] = (nowMs, beat = 1, overrides = {}) => {
    const owner = (partition: number) => (own.includes(partition) ? "a" : "b");
    const leases = [0, 1, 2, 3].map((partition) =>
      lease(partition, owner(partition), owner(partition) === "b" ? overrides : {}),
    );
    core.onView(nowMs, [member("a"), member("b", { beat })], leases);
  };
  view(1_000);
  core.decide(1_000);
  return { core, view, decide: (nowMs) => core.decide(nowMs) };
}

const twoMembers = () => scene([0, 1]);
const threeOfFour = () => scene([0, 1, 2]);
