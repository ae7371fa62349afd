import { Counter, Trend } from "k6/metrics";
import { METRICS } from "../src/load-metrics.ts";

export const counters = {
  latency: new Trend(METRICS.latency, true),
  live: new Trend(METRICS.live, true),
  window: new Trend(METRICS.window, true),
  lap: new Trend(METRICS.lap, true),
  standstill: new Trend(METRICS.standstill, true),
  reconnect: new Trend(METRICS.reconnect, true),
  reconnects: new Counter(METRICS.reconnects),
  gaps: new Counter(METRICS.gaps),
  drops: new Counter(METRICS.drops),
  orderViolations: new Counter(METRICS.orderViolations),
  samplesMissing: new Counter(METRICS.samplesMissing),
  lapsJudged: new Counter(METRICS.lapsJudged),
  sentLate: new Trend(METRICS.sentLate, true),
  framesSent: new Counter(METRICS.framesSent),
  framesAcked: new Counter(METRICS.framesAcked),
  liveMessages: new Counter(METRICS.liveMessages),
  feedBytes: new Counter(METRICS.feedBytes),
  unexpectedCloses: new Counter(METRICS.unexpectedCloses),
  stalledCloses: new Counter(METRICS.stalledCloses),
  merged: new Counter(METRICS.merged),
};
