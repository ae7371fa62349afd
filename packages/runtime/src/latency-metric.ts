import type { Exemplar, MetricOptions, Metrics } from "./metrics.ts";

/** From a hop within a process to a backlog of a minute; 1 s is our own target, 5 s what is promised. */
const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

type Labels = Readonly<Record<string, string>>;

/** How long something took between two points that may lie on two machines. */
export interface LatencyMetric {
  observe(ms: number, labels?: Labels, exemplar?: Exemplar): void;
}

/**
 * Latencies of one service, each a histogram with exemplars. Two machines' clocks differ a little, so a short hop may
 * seem to end before it began: it then counts as 0 and in `<service>_clock_skew_total{hop}`, which says whom not to trust.
 */
export function createLatencies(metrics: Metrics, service: string): (options: MetricOptions) => LatencyMetric {
  const skew = metrics.counter({
    name: `${service}_clock_skew_total`,
    help: "Latencies that were negative because two clocks differ, by histogram; counted there as 0",
    labels: ["hop"],
  });
  return (options) => {
    const histogram = metrics.histogram({ ...options, buckets: LATENCY_BUCKETS_SECONDS, withExemplars: true });
    return {
      observe: (ms, labels, exemplar) => {
        if (ms < 0) skew.add(1, { hop: options.name });
        histogram.observe(Math.max(0, ms) / 1_000, labels, exemplar);
      },
    };
  };
}
