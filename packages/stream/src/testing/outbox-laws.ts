import { expect, test } from "vitest";
import type { StateStore } from "../ports.ts";
import { commitOf, outboxRecord, takeLease } from "./state-records.ts";

/** What waits to be sent. */
export function outboxLaws(store: () => StateStore): void {
  test("the outbox is in order of commit, and sequences rise", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf({ outbox: [outboxRecord("b"), outboxRecord("a")] }));
    await store().commit(lease, commitOf({ previousPosition: 10, nextPosition: 11, outbox: [outboxRecord("c")] }));
    const held = await store().outbox(lease, 10);
    expect(held.map(({ id }) => id)).toEqual(["b", "a", "c"]);
    expect(held.map(({ sequence }) => sequence)).toEqual(
      held.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
    expect(held[0]).toMatchObject(outboxRecord("b"));
    expect((await store().outbox(lease, 2)).map(({ id }) => id)).toEqual(["b", "a"]);
  });

  test("trimming takes the sent ones, and a sequence is never given again", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf({ outbox: [outboxRecord("a"), outboxRecord("b")] }));
    const [first, second] = await store().outbox(lease, 10);
    expect(await store().trimOutbox(lease, first!.sequence)).toBe("committed");
    expect((await store().outbox(lease, 10)).map(({ id }) => id)).toEqual(["b"]);
    await store().trimOutbox(lease, second!.sequence);
    expect(await store().outbox(lease, 10)).toEqual([]);
    await store().commit(lease, commitOf({ previousPosition: 10, nextPosition: 11, outbox: [outboxRecord("c")] }));
    const [third] = await store().outbox(lease, 10);
    expect(third!.sequence).toBeGreaterThan(second!.sequence);
  });

  test("a new owner finds what the former one left to be sent", async () => {
    const lease = await takeLease(store(), "former");
    await store().commit(lease, commitOf({ outbox: [outboxRecord("a")] }));
    await store().release(lease);
    const next = await takeLease(store(), "next");
    expect((await store().outbox(next, 10)).map(({ id }) => id)).toEqual(["a"]);
  });
}
