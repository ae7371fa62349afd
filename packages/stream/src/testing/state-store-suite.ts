import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StateStore } from "../ports.ts";
import { appendedLaws, commitLaws, resetLaws } from "./commit-laws.ts";
import { commitModelLaw } from "./commit-model-law.ts";
import { leaseLaws } from "./lease-laws.ts";
import { outboxLaws } from "./outbox-laws.ts";
import { commitOf, outboxRecord, type StateStoreFixture, TTL_MS, takeLease } from "./state-records.ts";

/** The laws of `StateStore`; I7 and I11 of the architecture among them. */
export function stateStoreSuite(name: string, open: () => Promise<StateStoreFixture>): void {
  describe(`${name} as a state store`, () => {
    let fixture: StateStoreFixture;
    let store: StateStore;

    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    leaseLaws(() => fixture);
    commitLaws(() => store);
    appendedLaws(() => store);
    outboxLaws(() => store);
    resetLaws(() => store);
    commitModelLaw(() => fixture);

    test("state, position, outbox and lease survive reopening", async () => {
      const lease = await takeLease(store);
      await store.commit(lease, commitOf({ outbox: [outboxRecord("a")] }));
      const again = await fixture.reopen();
      expect(await again.load(lease)).toEqual({
        position: 10,
        schemaVersion: 1,
        entries: new Map([["car/24", Uint8Array.of(1, 2, 3)]]),
      });
      expect((await again.outbox(lease, 10)).map(({ id }) => id)).toEqual(["a"]);
      expect(await again.acquire(7, "other", TTL_MS)).toBeUndefined();
      expect(await again.commit(lease, commitOf({ previousPosition: 10, nextPosition: 11 }))).toBe("committed");
    });
  });
}
