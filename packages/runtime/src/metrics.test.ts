import { expect, test } from "vitest";
import { Metrics, metricsContentType } from "./metrics.ts";

test("declared metrics are rendered for Prometheus", async () => {
  const metrics = new Metrics(["gateway"]);
  const inputs = metrics.counter({ name: "gateway_inputs_total", help: "Inputs", labels: ["kind"] });
  const clients = metrics.gauge({ name: "gateway_clients_count", help: "Clients" });
  const encode = metrics.histogram({ name: "gateway_encode_seconds", help: "Encoding", buckets: [0.1, 1] });
  inputs.add(1, { kind: "fact" });
  inputs.add(2, { kind: "fact" });
  clients.set(4);
  encode.observe(0.5);
  encode.startTimer()();
  const text = await metrics.render();
  expect(text).toContain('gateway_inputs_total{kind="fact"} 3');
  expect(text).toContain("gateway_clients_count 4");
  expect(text).toContain('gateway_encode_seconds_bucket{le="0.1"} 1');
  expect(text).toContain('gateway_encode_seconds_bucket{le="1"} 2');
  expect(metricsContentType(undefined)).toContain("text/plain");
});

test("a gauge of what is gone is gone, and comes back with it", async () => {
  const metrics = new Metrics(["operator"]);
  const warm = metrics.gauge({ name: "operator_warm_replicas_count", help: "Replicas", labels: ["race"] });
  for (const race of ["daytona", "phoenix"]) warm.set(2, { race });
  warm.remove({ race: "daytona" });
  expect(await metrics.render()).toContain('race="phoenix"');
  expect(await metrics.render()).not.toContain('race="daytona"');
  warm.set(3, { race: "daytona" });
  expect(await metrics.render()).toContain('operator_warm_replicas_count{race="daytona"} 3');
});

test("OpenMetrics has exemplars, and whoever asks for it changes nothing for the others", async () => {
  const metrics = new Metrics(["gateway"], { withProcess: true });
  metrics.counter({ name: "gateway_inputs_total", help: "Inputs" }).add();
  const age = metrics.histogram({ name: "gateway_fact_age_seconds", help: "Age", buckets: [1], withExemplars: true });
  age.observe(0.5, {}, { car: "24", event_time_ms: "1000" });
  age.observe(0.25);
  const open = metricsContentType("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
  expect(open).toContain("openmetrics");
  const [first, plain, second] = await Promise.all([metrics.render(open), metrics.render(), metrics.render(open)]);
  for (const text of [first, second]) {
    expect(text).toMatch(/gateway_fact_age_seconds_bucket\{le="1"\} 2 # \{car="24",event_time_ms="1000"\} 0.5 \d+/);
    expect(text).toContain("# TYPE gateway_inputs counter\ngateway_inputs_total 1");
    expect(text).toMatch(/# EOF\n$/);
  }
  expect(plain).toContain("# TYPE gateway_inputs_total counter\ngateway_inputs_total 1");
  expect(plain).toContain("process_cpu_seconds_total");
  expect(plain).not.toContain("event_time_ms");
});

test("a gauge that is read when it is asked for", async () => {
  const metrics = new Metrics(["gateway"]);
  let age = 1;
  metrics.reading({ name: "gateway_view_age_seconds", help: "Age" }, () => age);
  age = 7;
  expect(await metrics.render()).toContain("gateway_view_age_seconds 7");
});

test("label values beyond the cap become other, known ones stay themselves", async () => {
  const metrics = new Metrics(["ingest"], { labelValuesMax: 2 });
  const rejected = metrics.counter({ name: "ingest_frames_rejected_total", help: "Rejected", labels: ["reason"] });
  for (const reason of ["a", "b", "c", "d", "a"]) rejected.add(1, { reason });
  const text = await metrics.render();
  expect(text).toContain('{reason="a"} 2');
  expect(text).toContain('{reason="b"} 1');
  expect(text).toContain('{reason="other"} 2');
  expect(text).not.toContain('"c"');
});

const help = "help";
const wrong: readonly (readonly [string, (metrics: Metrics) => unknown, string])[] = [
  ["a counter without _total", (m) => m.counter({ name: "gateway_frames", help }), "does not end in _total"],
  ["a gauge with _total", (m) => m.gauge({ name: "gateway_frames_total", help }), "ends in _total"],
  ["a histogram with _total", (m) => m.histogram({ name: "gateway_frames_total", help }), "ends in _total"],
  [
    "another service's name",
    (m) => m.gauge({ name: "ingest_clients_count", help }),
    "does not start with one of gateway",
  ],
  ["capitals", (m) => m.gauge({ name: "gateway_clientCount", help }), "is not words with _ between them"],
  [
    "a label that was not declared",
    (m) => m.counter({ name: "gateway_frames_total", help, labels: ["kind"] }).add(1, { reason: "x" }),
    "has no label reason",
  ],
];

test.each(wrong)("%s is a programmer's error", (_name, declare, message) => {
  expect(() => declare(new Metrics(["gateway"]))).toThrow(message);
});

test("what is said to be there from the beginning is there at 0, so that its first event is a rise", async () => {
  const metrics = new Metrics(["gateway"]);
  const fromZero = [{ reason: "slow" }];
  const counter = metrics.counter({ name: "gateway_drops_total", help, labels: ["reason"], fromZero });
  metrics.histogram({ name: "gateway_wait_seconds", help, labels: ["reason"], buckets: [1], fromZero });
  const text = await metrics.render();
  expect(text).toContain('gateway_drops_total{reason="slow"} 0');
  expect(text).toContain('gateway_wait_seconds_count{reason="slow"} 0');
  counter.add(2, { reason: "slow" });
  expect(await metrics.render()).toContain('gateway_drops_total{reason="slow"} 2');
});

test("a name can be declared once", () => {
  const metrics = new Metrics(["gateway"]);
  metrics.gauge({ name: "gateway_clients_count", help });
  expect(() => metrics.gauge({ name: "gateway_clients_count", help })).toThrow("already been registered");
});

test("the process reports itself when asked to", async () => {
  expect(await new Metrics([], { withProcess: true }).render()).toContain("process_cpu_seconds_total");
  expect(await new Metrics([]).render()).toBe("\n");
});
