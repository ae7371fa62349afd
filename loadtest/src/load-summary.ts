import { METRICS } from "./load-metrics.ts";
import { lookUntilSeconds } from "./load-plan.ts";
import type { Profile } from "./profile.ts";

/** What a run came to; one JSON object. */
export interface LoadSummary {
  readonly profile: string;
  readonly cars: number;
  readonly rateHz: number;
  readonly clients: number;
  readonly seconds: number;
  /** Of each message the oldest new live value, and the oldest new window. */
  readonly latencyMs: Spread;
  readonly liveLatencyMs: Spread;
  readonly windowLatencyMs: Spread;
  readonly lapLatencyMs: Spread;
  /** Of frames, after their moment; k6 on a machine that is too busy reads late as well, and blames the product. */
  readonly sentLateMs: Spread;
  readonly longestGapMs: number;
  readonly reconnectMs: Spread;
  readonly reconnects: number;
  readonly gaps: number;
  readonly drops: number;
  readonly orderViolations: number;
  readonly samplesMissing: number;
  readonly lapsJudged: number;
  readonly framesSent: number;
  readonly framesAcked: number;
  readonly feedMegabytesPerSecond: number;
  readonly unexpectedCloses: number;
  readonly stalledCloses: number;
  readonly mergedUpdates: number;
  /** k6 and, where the cluster was started for the run, its processes. */
  readonly processes?: readonly ProcessUsage[];
  readonly thresholdsPassed: boolean;
  /** "metric: threshold" of each that did not hold. */
  readonly thresholdsFailed: readonly string[];
}

/** What one process took while k6 ran. */
export interface ProcessUsage {
  readonly name: string;
  /** Mean over the run; 1 = one core was busy all the time. */
  readonly cores: number;
  readonly residentMbMax: number;
}

/** Absent where nothing was measured. */
export interface Spread {
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  readonly max?: number;
}

/** As k6 gives it to handleSummary, as far as it is read here. */
export interface K6Summary {
  readonly metrics: Readonly<Record<string, K6Metric | undefined>>;
}

interface K6Metric {
  readonly values: Readonly<Record<string, number | undefined>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

export function summarise(profile: Profile, { metrics }: K6Summary): LoadSummary {
  const count = (name: string) => metrics[name]?.values.count ?? 0;
  const { clients } = profile;
  const failed = Object.entries(metrics).flatMap(([name, metric]) =>
    Object.entries(metric?.thresholds ?? {}).flatMap(([text, { ok }]) => (ok ? [] : [`${name}: ${text}`])),
  );
  return {
    profile: profile.name,
    cars: profile.cars,
    rateHz: profile.rateHz,
    clients: clients.dashboards + clients.graphics + clients.storming + clients.tardy + clients.stalled,
    seconds: profile.seconds,
    latencyMs: spread(metrics[METRICS.latency]),
    liveLatencyMs: spread(metrics[METRICS.live]),
    windowLatencyMs: spread(metrics[METRICS.window]),
    lapLatencyMs: spread(metrics[METRICS.lap]),
    sentLateMs: spread(metrics[METRICS.sentLate]),
    longestGapMs: Math.round(metrics[METRICS.standstill]?.values.max ?? 0),
    reconnectMs: spread(metrics[METRICS.reconnect]),
    reconnects: count(METRICS.reconnects),
    gaps: count(METRICS.gaps),
    drops: count(METRICS.drops),
    orderViolations: count(METRICS.orderViolations),
    samplesMissing: count(METRICS.samplesMissing),
    lapsJudged: count(METRICS.lapsJudged),
    framesSent: count(METRICS.framesSent),
    framesAcked: count(METRICS.framesAcked),
    feedMegabytesPerSecond: Math.round(count(METRICS.feedBytes) / 10_000 / lookUntilSeconds(profile)) / 100,
    unexpectedCloses: count(METRICS.unexpectedCloses),
    stalledCloses: count(METRICS.stalledCloses),
    mergedUpdates: count(METRICS.merged),
    thresholdsPassed: failed.length === 0,
    thresholdsFailed: failed,
  };
}

function spread(metric: K6Metric | undefined): Spread {
  const rounded = { p50: "med", p95: "p(95)", p99: "p(99)", max: "max" };
  return Object.fromEntries(
    Object.entries(rounded).flatMap(([name, key]) => {
      const value = metric?.values[key];
      return value === undefined ? [] : [[name, Math.round(value * 10) / 10]];
    }),
  );
}

/** For people, in a few lines. */
export function summaryText(summary: LoadSummary): string {
  const row = (name: string, value: string) => `  ${name.padEnd(20)} ${value}`;
  const of = ({ p50, p95, p99, max }: Spread) =>
    p50 === undefined ? "nothing measured" : `p50 ${p50}  p95 ${p95}  p99 ${p99}  max ${max} ms`;
  const lines = [
    "",
    `  ${summary.profile}: ${summary.cars} cars at ${summary.rateHz} Hz, ${summary.clients} clients, ${summary.seconds} s judged`,
    row("event to client", of(summary.latencyMs)),
    row("  live values", of(summary.liveLatencyMs)),
    row("  windows", of(summary.windowLatencyMs)),
    row("  laps", of(summary.lapLatencyMs)),
    row("longest standstill", `${summary.longestGapMs} ms, ${summary.gaps} gaps`),
    row("sent late by k6", of(summary.sentLateMs)),
    row("frames", `${summary.framesSent} sent, ${summary.framesAcked} acknowledged, ${summary.drops} dropped`),
    row("samples missing", `${summary.samplesMissing} in ${summary.lapsJudged} laps`),
    row("order violations", `${summary.orderViolations}`),
    row("sent to clients", `${summary.feedMegabytesPerSecond} MB/s`),
    row("closed", `${summary.unexpectedCloses} that should not, ${summary.stalledCloses} that did not read`),
  ];
  if (summary.reconnects > 0) lines.push(row("reconnects", `${summary.reconnects}, ${of(summary.reconnectMs)}`));
  if (summary.mergedUpdates > 0) lines.push(row("merged updates", `${summary.mergedUpdates}`));
  const verdict = summary.thresholdsPassed ? "all held" : `FAILED: ${summary.thresholdsFailed.join("; ")}`;
  return [...lines, row("thresholds", verdict), ""].join("\n");
}
