import { expect, test } from "vitest";
import { createLatencies } from "./latency-metric.ts";
import { Metrics } from "./metrics.ts";

test("a latency is in seconds; one that is negative by two clocks counts as 0 and is told", async () => {
  const metrics = new Metrics(["gateway"]);
  const latency = createLatencies(metrics, "gateway")({ name: "gateway_fact_age_seconds", help: "Age" });
  latency.observe(400);
  latency.observe(-3);
  const text = await metrics.render();
  expect(text).toContain("gateway_fact_age_seconds_sum 0.4");
  expect(text).toContain('gateway_fact_age_seconds_bucket{le="0.005"} 1');
  expect(text).toContain("gateway_fact_age_seconds_count 2");
  expect(text).toContain('gateway_clock_skew_total{hop="gateway_fact_age_seconds"} 1');
});
