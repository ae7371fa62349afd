import { StepClock } from "@burnline/std";
import { membershipSuite } from "@burnline/stream/testing";
import { MemoryMembership } from "./memory-membership.ts";
import { MemoryStateStore } from "./memory-state-store.ts";

membershipSuite("memory", async () => {
  const clock = new StepClock(1_700_000_000_000);
  const store = new MemoryStateStore(clock);
  const membership = new MemoryMembership(store, clock);
  return {
    membership,
    store,
    openAnother: async () => membership,
    advance: async (ms) => clock.advance(ms),
    close: async () => {},
  };
});
