import { Prng } from "@burnline/std";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partitionLoad } from "./ownership-plan.ts";
import { OwnershipWorld } from "./testing/ownership-world.ts";

const PARTITIONS = 16;
/** All timeouts of the machine one after the other, with room. */
const SETTLE_MS = 20_000;
const QUIET_MS = 10_000;

const index = fc.nat({ max: 20 });
const action = fc.oneof(
  fc.record({ type: fc.constant("join" as const) }),
  fc.record({ type: fc.constant("kill" as const), index }),
  fc.record({ type: fc.constant("leave" as const), index }),
  fc.record({ type: fc.constant("freeze" as const), index, ms: fc.integer({ min: 100, max: 6_000 }) }),
  fc.record({ type: fc.constant("mute" as const), index, ms: fc.integer({ min: 100, max: 6_000 }) }),
  fc.record({ type: fc.constant("deafen" as const), index, ms: fc.integer({ min: 100, max: 6_000 }) }),
  fc.record({ type: fc.constant("loseLog" as const), ms: fc.integer({ min: 100, max: 6_000 }) }),
  fc.record({ type: fc.constant("reweigh" as const), index, weight: fc.nat({ max: 3 }) }),
  fc.record({ type: fc.constant("loseStore" as const) }),
  fc.record({ type: fc.constant("storeDown" as const), ms: fc.integer({ min: 100, max: 6_000 }) }),
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;
const schedule = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), action }), { maxLength: 14 });

function perform(world: OwnershipWorld, one: Action): void {
  switch (one.type) {
    case "join":
      if (world.living.length < 6) world.join();
      break;
    case "kill":
      world.kill(one.index);
      break;
    case "leave":
      world.leave(one.index);
      break;
    case "freeze":
      world.freeze(one.index, one.ms);
      break;
    case "mute":
      world.mute(one.index, one.ms);
      break;
    case "deafen":
      world.deafen(one.index, one.ms);
      break;
    case "loseLog":
      world.loseLog(one.ms);
      break;
    case "reweigh":
      world.reweigh(one.index, one.weight);
      break;
    case "loseStore":
      world.loseStore();
      break;
    case "storeDown":
      world.storeDownUntilMs = world.nowMs + one.ms;
  }
}

/** Loads of the members, by what they really own. */
function loadsOf(world: OwnershipWorld): Map<string, number[]> {
  const loads = new Map<string, number[]>(world.living.map((memberId) => [memberId, []]));
  world.owners().forEach((ownerId, partition) => {
    if (ownerId !== undefined) loads.get(ownerId)?.push(partitionLoad(world.weightOf(partition)));
  });
  return loads;
}

describe("whatever happens: joins, deaths, freezes, drains, lost messages, false suspicion, a store that is away or forgets", () => {
  test("only the newest owner commits; then all is owned, shared out evenly, and comes to rest", {
    timeout: 60_000,
  }, () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0, 0.3, 1), schedule, (seed, messageLoss, steps) => {
        const world = new OwnershipWorld(new Prng(seed), PARTITIONS);
        world.messageLoss = messageLoss;
        world.join();
        world.join();
        for (const { afterMs, action: one } of steps) {
          world.run(afterMs);
          perform(world, one);
        }
        world.run(1_000);
        if (!world.hasTaker) world.join();
        world.run(SETTLE_MS);

        expect(world.owners()).not.toContain(undefined);
        const loads = [...loadsOf(world).values()];
        const sums = loads.map((each) => each.reduce((sum, load) => sum + load, 0));
        const lightest = Math.min(...loads.filter((_, at) => sums[at] === Math.max(...sums)).flat());
        expect(Math.max(...sums) - Math.min(...sums)).toBeLessThanOrEqual(lightest);

        world.moves = 0;
        const before = world.owners();
        world.run(QUIET_MS);
        expect(world.moves).toBe(0);
        expect(world.owners()).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });
});

/** The longest time without a commit of any partition that an event causes; every turn commits, so it is 50 ms at rest. */
function gapAfter(seed: number, event: (world: OwnershipWorld) => void): number {
  const world = new OwnershipWorld(new Prng(seed), PARTITIONS);
  world.commitChance = 1;
  for (let member = 0; member < 3; member++) world.join();
  world.run(SETTLE_MS);
  event(world);
  let longestMs = 0;
  for (let step = 0; step < 200; step++) {
    longestMs = Math.max(longestMs, world.nowMs - Math.min(...world.committedMs));
    world.run(50);
  }
  return longestMs;
}

describe("how long a partition stands still at most, when each call takes 50 to 150 ms", () => {
  test.each([
    ["a death, by asking twice", (world: OwnershipWorld) => world.kill(1), 500],
    ["a freeze, by its heartbeat", (world: OwnershipWorld) => world.freeze(1, 8_000), 2_000],
    [
      "a cut from the log alone, by what its own heartbeat says",
      (world: OwnershipWorld) => world.deafen(1, 8_000),
      1_400,
    ],
    ["a planned leave", (world: OwnershipWorld) => world.leave(1), 250],
    ["a join", (world: OwnershipWorld) => world.join(), 250],
    [
      "two deaths within a second",
      (world: OwnershipWorld) => {
        world.kill(1);
        world.run(600);
        world.kill(1);
      },
      600,
    ],
  ])("%s", (_, event, boundMs) => {
    const gaps = Array.from({ length: 20 }, (_, seed) => gapAfter(seed + 1, event));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(boundMs);
  });
});

test("one member alone takes everything, and keeps it", () => {
  const world = new OwnershipWorld(new Prng(1), 64);
  world.join();
  world.run(3_000);
  expect(new Set(world.owners())).toEqual(new Set(world.living));
  world.moves = 0;
  world.run(30_000);
  expect(world.moves).toBe(0);
});

test("a store that was away for longer than all leases and heartbeats moves nothing", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new OwnershipWorld(new Prng(seed), PARTITIONS);
    for (let member = 0; member < 3; member++) world.join();
    world.run(SETTLE_MS);
    const before = world.owners();
    world.moves = 0;
    world.storeDownUntilMs = world.nowMs + 8_000;
    world.run(20_000);
    expect(world.moves, `seed ${seed}`).toBe(0);
    expect(world.owners()).toEqual(before);
  }
});

test("a log that is away from all, for longer than all leases and heartbeats, moves nothing", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new OwnershipWorld(new Prng(seed), PARTITIONS);
    for (let member = 0; member < 3; member++) world.join();
    world.run(SETTLE_MS);
    const before = world.owners();
    world.moves = 0;
    world.loseLog(8_000);
    world.run(20_000);
    expect(world.moves, `seed ${seed}`).toBe(0);
    expect(world.owners()).toEqual(before);
  }
});

test("a drain leaves nothing behind, also when nobody else is there", () => {
  const world = new OwnershipWorld(new Prng(1), 64);
  world.join();
  world.run(3_000);
  world.leave(0);
  world.run(2_000);
  expect(world.living).toEqual([]);
});
