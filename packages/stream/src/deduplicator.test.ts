import fc from "fast-check";
import { expect, test } from "vitest";
import { createSeenSequences, DEDUPE_WINDOW, observeSequence, restartSequences } from "./deduplicator.ts";

test("within the window a sequence is new exactly once, in any order (against a set)", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: DEDUPE_WINDOW }), { maxLength: 600 }), (sequences) => {
      const seen = createSeenSequences();
      const reference = new Set<number>();
      for (const sequence of sequences) {
        expect(observeSequence(seen, sequence)).toBe(reference.has(sequence) ? "duplicate" : "new");
        reference.add(sequence);
      }
    }),
  );
});

test("jumps of any width forget nothing that is still in the window", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 300 }), (sequences) => {
      const seen = createSeenSequences();
      const reference = new Set<number>();
      let highest = -1;
      for (const sequence of sequences) {
        const expired = highest - sequence > DEDUPE_WINDOW;
        const expected = expired ? "expired" : reference.has(sequence) ? "duplicate" : "new";
        expect(observeSequence(seen, sequence)).toBe(expected);
        if (!expired) reference.add(sequence);
        highest = Math.max(highest, sequence);
      }
    }),
  );
});

test("what was seen survives JSON", () => {
  const seen = createSeenSequences();
  for (let sequence = 0; sequence < 100; sequence += 3) observeSequence(seen, sequence);
  const restored = JSON.parse(JSON.stringify(seen)) as typeof seen;
  expect(observeSequence(restored, 96)).toBe("duplicate");
  expect(observeSequence(restored, 97)).toBe("new");
});

test("a source that counts anew is taken in from its first number on", () => {
  const seen = createSeenSequences();
  observeSequence(seen, 10_000);
  expect(observeSequence(seen, 0)).toBe("expired");
  restartSequences(seen, 0);
  expect(observeSequence(seen, 0)).toBe("duplicate");
  expect(observeSequence(seen, 1)).toBe("new");
});
