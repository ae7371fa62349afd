import { describe, expect, test } from "vitest";
import {
  POD_DELIVERY_RULES,
  POD_SECURITY_RULES,
  podViolations,
  SET_RULES,
  schemaViolations,
  setViolations,
} from "./src/index.ts";
import { RENDER_CASES } from "./src/testing/cases.ts";
import { lintChart, renderChart } from "./src/testing/helm-render.ts";

describe.each(Object.entries(RENDER_CASES))("%s", (_, { values, external, requireDigest = false }) => {
  const objects = renderChart(values);

  test("helm lint finds nothing, not even with --strict", () => {
    expect(lintChart(values)).toContain("0 chart(s) failed");
  });

  test("every object is as its schema says, without a field that it does not know", () => {
    expect(schemaViolations(objects)).toEqual([]);
  });

  test("every pod keeps every rule", () => {
    const rules = [...POD_SECURITY_RULES, ...POD_DELIVERY_RULES];
    expect(podViolations(objects, rules, { requireDigest })).toEqual([]);
  });

  test("the objects fit together", () => {
    expect(setViolations(objects, SET_RULES, { external })).toEqual([]);
  });
});
