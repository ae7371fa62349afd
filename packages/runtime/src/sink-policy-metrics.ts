import type { Metrics } from "./metrics.ts";
import type { Breaker } from "./sink-policy-breaker.ts";

/** What a sink's policy reports of itself. */
export interface SinkMetrics {
  waiting(records: number): void;
  delivered(records: number, seconds: number): void;
  failed(): void;
  breaker(state: Breaker["state"]): void;
  deadLettered(reason: string): void;
}

/** Metrics of the sinks of one service, `<service>_sink_…{sink}`; call it once and take one view per sink. */
export function createSinkMetrics(metrics: Metrics, service: string): (sink: string) => SinkMetrics {
  const name = (rest: string) => `${service}_sink_${rest}`;
  const labels = ["sink"];
  const waiting = metrics.gauge({ name: name("waiting_records"), help: "Records on their way to the sink", labels });
  const batches = metrics.histogram({ name: name("batch_seconds"), help: "Time of a delivered batch", labels });
  const delivered = metrics.counter({ name: name("delivered_records_total"), help: "Records delivered", labels });
  const failures = metrics.counter({
    name: name("failures_total"),
    help: "Attempts that failed and are retried",
    labels,
  });
  const open = metrics.gauge({
    name: name("breaker_open"),
    help: "0 closed, 1 open: the sink is not tried, 0.5 half-open: one attempt is on its way",
    labels,
  });
  const dead = metrics.counter({
    name: name("dead_letters_total"),
    help: "Records that will never be delivered, by reason",
    labels: ["sink", "reason"],
  });
  return (sink) => ({
    waiting: (records) => waiting.set(records, { sink }),
    delivered: (records, seconds) => {
      delivered.add(records, { sink });
      batches.observe(seconds, { sink });
    },
    failed: () => failures.add(1, { sink }),
    breaker: (state) => open.set({ closed: 0, "half-open": 0.5, open: 1 }[state], { sink }),
    deadLettered: (reason) => dead.add(1, { sink, reason }),
  });
}
