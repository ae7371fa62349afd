import { expect, test } from "vitest";
import { Health } from "./health.ts";

test("without checks, or with all of them fine, it is ready", async () => {
  const health = new Health();
  expect(await health.readiness()).toEqual({ isReady: true, reasons: {} });
  health.add("log", () => undefined);
  health.add("store", async () => undefined);
  expect(await health.readiness()).toEqual({ isReady: true, reasons: {} });
});

test("each failing check is named with its reason, also one that throws or hangs", async () => {
  const health = new Health(20);
  health.add("log", () => "the log is behind");
  health.add("store", () => {
    throw new Error("no connection");
  });
  health.add("model", () => new Promise(() => {}));
  health.add("fine", () => undefined);
  expect(await health.readiness()).toEqual({
    isReady: false,
    reasons: { log: "the log is behind", store: "no connection", model: "no answer within 20 ms" },
  });
});

test("what stops is not ready any more, and asks nobody", async () => {
  const health = new Health();
  let asked = 0;
  health.add("log", () => {
    asked += 1;
    return undefined;
  });
  health.stopping();
  expect(await health.readiness()).toEqual({ isReady: false, reasons: { process: "stopping" } });
  expect(asked).toBe(0);
});

test("a check can be taken out again, and a name is taken once", async () => {
  const health = new Health();
  const remove = health.add("log", () => "no");
  expect(() => health.add("log", () => undefined)).toThrow("there is a health check log already");
  remove();
  expect((await health.readiness()).isReady).toBe(true);
});
