import fc from "fast-check";
import { expect, test } from "vitest";
import type { Commit, Lease } from "../ports.ts";
import { outboxRecord, type StateStoreFixture, TTL_MS } from "./state-records.ts";

type Step =
  | { readonly type: "acquire"; readonly owner: number }
  | { readonly type: "renew" | "release"; readonly owner: number }
  | { readonly type: "advance"; readonly ms: number }
  | { readonly type: "trim"; readonly owner: number; readonly count: number }
  | { readonly type: "reset"; readonly owner: number; readonly position: number }
  | {
      readonly type: "commit";
      readonly owner: number;
      readonly isStale: boolean;
      readonly advance: number;
      readonly changes: readonly (readonly [string, number | null])[];
      readonly outputs: number;
    };

const OWNER = fc.integer({ min: 0, max: 2 });
const CHANGE = fc.tuple(
  fc.constantFrom("car/24", "car/5", "watermark"),
  fc.option(fc.integer({ min: 0, max: 255 }), { nil: null }),
);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("acquire" as const), owner: OWNER }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("renew" as const, "release" as const), owner: OWNER }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 2_500 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("trim" as const), owner: OWNER, count: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("reset" as const),
      owner: OWNER,
      position: fc.integer({ min: 0, max: 30 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("commit" as const),
      owner: OWNER,
      isStale: fc.boolean(),
      advance: fc.integer({ min: 0, max: 5 }),
      changes: fc.array(CHANGE, { maxLength: 3 }),
      outputs: fc.integer({ min: 0, max: 3 }),
    }),
  },
);

/** The whole store in a dozen fields: what a reader of the port's text would build. */
interface Model {
  holder: number | undefined;
  nowMs: number;
  expiresAtMs: number;
  position: number;
  schemaVersion: number;
  entries: Map<string, Uint8Array>;
  outbox: string[];
  outputs: number;
}

/** Whatever three rival owners do in whatever order, the store and the model agree on every answer and on the result. */
export function commitModelLaw(fixture: () => StateStoreFixture): void {
  test("any course of acquires, commits and expiries by three rivals goes as in the model", async () => {
    let partition = 100;
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 30 }), async (steps) => {
        partition += 1;
        await runCourse(fixture(), partition, steps);
      }),
      { numRuns: 60 },
    );
  });
}

async function runCourse(fixture: StateStoreFixture, partition: number, steps: readonly Step[]): Promise<void> {
  const { store } = fixture;
  const leases: (Lease | undefined)[] = [];
  const model: Model = {
    holder: undefined,
    nowMs: 0,
    expiresAtMs: 0,
    position: 0,
    schemaVersion: 0,
    entries: new Map(),
    outbox: [],
    outputs: 0,
  };
  for (const step of steps) {
    if (step.type === "advance") {
      model.nowMs += step.ms;
      await fixture.advance(step.ms);
      continue;
    }
    if (step.type === "acquire") {
      const isFree = model.holder === undefined || model.holder === step.owner || model.expiresAtMs <= model.nowMs;
      const lease = await store.acquire(partition, `owner-${step.owner}`, TTL_MS);
      expect(lease !== undefined).toBe(isFree);
      if (lease !== undefined) {
        leases[step.owner] = lease;
        model.holder = step.owner;
        model.expiresAtMs = model.nowMs + TTL_MS;
      }
      continue;
    }
    const lease = leases[step.owner];
    if (lease !== undefined) await act(fixture, model, step, lease);
  }
  await expectSame(fixture, model, leases);
}

async function act(
  { store }: StateStoreFixture,
  model: Model,
  step: Exclude<Step, { type: "acquire" | "advance" }>,
  lease: Lease,
): Promise<void> {
  const isOwner = model.holder === step.owner;
  switch (step.type) {
    case "renew":
      expect(await store.renew(lease, TTL_MS)).toBe(isOwner);
      if (isOwner) model.expiresAtMs = model.nowMs + TTL_MS;
      return;
    case "release":
      await store.release(lease);
      if (isOwner) model.holder = undefined;
      return;
    case "trim": {
      const held = await store.outbox(lease, step.count);
      expect(held.map(({ id }) => id)).toEqual(isOwner ? model.outbox.slice(0, step.count) : []);
      const outcome = await store.trimOutbox(lease, held.at(-1)?.sequence ?? 0);
      expect(outcome).toBe(isOwner ? "committed" : "fenced");
      if (isOwner) model.outbox.splice(0, step.count);
      return;
    }
    case "reset": {
      const entries = new Map([["restored", Uint8Array.of(step.position)]]);
      const outcome = await store.reset(lease, { position: step.position, schemaVersion: 7, entries });
      expect(outcome).toBe(isOwner ? "committed" : "fenced");
      if (isOwner) Object.assign(model, { position: step.position, schemaVersion: 7, entries, outbox: [] });
      return;
    }
    case "commit": {
      const ids = Array.from({ length: step.outputs }, (_, index) => `output-${model.outputs + index}`);
      model.outputs += step.outputs;
      const previousPosition = model.position + (step.isStale ? 1 : 0);
      const changes = new Map(step.changes.map(([key, value]) => [key, value === null ? null : Uint8Array.of(value)]));
      const commit: Commit = {
        previousPosition,
        nextPosition: previousPosition + step.advance,
        schemaVersion: 2,
        changes,
        outbox: ids.map(outboxRecord),
      };
      const expected = !isOwner ? "fenced" : step.isStale ? "conflict" : "committed";
      expect(await store.commit(lease, commit)).toBe(expected);
      if (expected !== "committed") return;
      model.position = commit.nextPosition;
      model.schemaVersion = 2;
      model.outbox.push(...ids);
      for (const [key, value] of changes) {
        if (value === null) model.entries.delete(key);
        else model.entries.set(key, value);
      }
    }
  }
}

async function expectSame(
  { store }: StateStoreFixture,
  model: Model,
  leases: readonly (Lease | undefined)[],
): Promise<void> {
  for (const [owner, lease] of leases.entries()) {
    if (lease === undefined) continue;
    const isOwner = model.holder === owner;
    const { position, schemaVersion, entries } = model;
    expect(await store.load(lease)).toEqual(isOwner ? { position, schemaVersion, entries } : undefined);
    expect((await store.outbox(lease, 1_000)).map(({ id }) => id)).toEqual(isOwner ? model.outbox : []);
  }
}
