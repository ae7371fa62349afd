import { expect, test } from "vitest";
import type { ChaosResult, MeasuredFault } from "./chaos-run.ts";
import { faultLine, figuresByKind, summaryLines } from "./report.ts";

function fault(overrides: Partial<MeasuredFault> = {}): MeasuredFault {
  return {
    ...{ kind: "kill", atMs: 12_340, gapMs: 300, partition: 7, waitMs: 210, stallMs: 5, settledMs: 40, note: "p1" },
    ...{ fenced: 0, conflicts: 0, lostRenewals: 0, failures: 0 },
    ...overrides,
  };
}

const RESULT: ChaosResult = {
  ...{ seed: 1, seconds: 60, processors: 3, faults: [fault()], verdict: undefined, problems: [], isExact: true },
  brokenLimits: [],
  ...{ feedFailures: 0, appendMsMax: 12, sameIdsSent: 3, loadAverage: 1.5 },
};

test("a line says what happened, and counts only what there was", () => {
  expect(faultLine(fault())).toMatch(/12\.3 s {2}kill +gap {3}300 ms {2}wait {3}210 ms .*p1$/);
  expect(faultLine(fault())).not.toMatch(/rejected/);
  expect(faultLine(fault({ fenced: 4 }))).toMatch(/4 rejected/);
});

test("percentiles are those of the kind, by nearest rank", () => {
  const faults = Array.from({ length: 100 }, (_, index) => fault({ gapMs: index + 1, fenced: 1 }));
  expect(figuresByKind([...faults, fault({ kind: "freeze", gapMs: 2_000 })])).toMatchObject([
    { kind: "kill", count: 100, gapMs: { p50: 50, p99: 99, max: 100 }, fenced: 100 },
    { kind: "freeze", count: 1, gapMs: { p50: 2_000, p99: 2_000, max: 2_000 } },
  ]);
});

test("the last line is the verdict, and problems are told", () => {
  expect(summaryLines(RESULT).at(-1)).toBe("every total is exact; no limit was broken");
  const lines = summaryLines({ ...RESULT, isExact: false, problems: ["p2 ended by itself"] });
  const over = summaryLines({ ...RESULT, brokenLimits: ["kill at 3.0 s: too long"] });
  expect(over.slice(-2)).toEqual(["OVER  kill at 3.0 s: too long", "every total is exact; LIMITS BROKEN"]);
  expect(lines.slice(-2)).toEqual(["PROBLEM  p2 ended by itself", "NOT EXACT; no limit was broken"]);
});
