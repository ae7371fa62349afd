import { JetStreamApiError } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import { toNatsError } from "./nats-error.ts";

const answer = (err_code: number, description: string) =>
  toNatsError(new JetStreamApiError({ code: 500, err_code, description }), "stream RACE_daytona") as Error;

test("a server whose storage is all reserved is not taken for a stream that is full", () => {
  const { message } = answer(10_047, "insufficient storage resources available");
  expect(message).toContain("Delete those of old races");
  expect(message).toContain("--stream-gb");
  expect(answer(10_077, "maximum bytes exceeded").message).toMatch(/^The stream RACE_daytona is full/);
});

test("nor is a cluster of servers that has no room for it; one that is too small for its copies is something else", () => {
  const noRoom = answer(10_005, "no suitable peers for placement, insufficient storage");
  expect(noRoom).toMatchObject({ fault: "full", message: expect.stringContaining("Delete those of old races") });
  expect(answer(10_005, "no suitable peers for placement, peer offline")).toMatchObject({ fault: "failed" });
});

test("what no error of NATS is passes through", () => {
  const bug = new TypeError("undefined is not a function");
  expect(toNatsError(bug, "stream RACE_daytona")).toBe(bug);
});
