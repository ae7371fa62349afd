import { expect, test } from "vitest";
import { NatsPulse } from "./nats-pulse.ts";

test("each answer is a sign, one question is under way at a time, and a broken connection is none", async () => {
  const asked: PromiseWithResolvers<void>[] = [];
  const pulse = new NatsPulse(() => {
    const question = Promise.withResolvers<void>();
    asked.push(question);
    return question.promise;
  });
  const first = pulse.ask();
  await pulse.ask();
  expect([asked.length, pulse.signs]).toEqual([1, 0]);
  asked[0]!.resolve();
  await first;
  expect(pulse.signs).toBe(1);
  const second = pulse.ask();
  asked[1]!.reject(new Error("disconnected"));
  await second;
  expect(pulse.signs).toBe(1);
  const third = pulse.ask();
  asked[2]!.resolve();
  await third;
  expect(pulse.signs).toBe(2);
});
