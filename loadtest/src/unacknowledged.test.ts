import fc from "fast-check";
import { expect, test } from "vitest";
import { UNACKNOWLEDGED_MAX, Unacknowledged } from "./unacknowledged.ts";

test("every frame sent is acknowledged, given up, or still waiting, and what waits is sent again in order", () => {
  const event = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant("answer" as const));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 3 * UNACKNOWLEDGED_MAX }), (events) => {
      const waiting = new Unacknowledged();
      let sent = 0;
      let settled = 0;
      const order: ArrayBuffer[] = [];
      for (const what of events) {
        if (what === "answer") {
          settled += waiting.answered();
          order.shift();
        } else {
          const message = new ArrayBuffer(1);
          sent += what;
          settled += waiting.add(message, what);
          order.push(message);
          if (order.length > UNACKNOWLEDGED_MAX) order.shift();
        }
        expect(settled + waiting.frames).toBe(sent);
        expect(waiting.messages().length).toBeLessThanOrEqual(UNACKNOWLEDGED_MAX);
      }
      expect(waiting.messages().every((message, index) => message === order[index])).toBe(true);
    }),
    { numRuns: 30 },
  );
});
