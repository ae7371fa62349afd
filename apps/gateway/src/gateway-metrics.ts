import { createLatencies, type Exemplar, type Metrics } from "@burnline/runtime";
import type { DisconnectReason } from "./client-session.ts";
import type { Outcome } from "./fact-check.ts";
import type { ViewerFault } from "./viewer-check.ts";

/** What the gateway counts, in words of the gateway. */
export interface GatewayMetrics {
  setClients(count: number): void;
  setViewAge(seconds: number): void;
  countConflated(deltas: number): void;
  countDisconnected(reason: DisconnectReason | "refused"): void;
  /** Over REST or over the feed. */
  countViewerRefused(reason: ViewerFault): void;
  /** Over REST, from an address that asks too often. */
  countRequestLimited(): void;
  countInput(kind: "fact" | "live", outcome: Outcome): void;
  /** A fact came in: since the log took it. */
  observeFactAge(ms: number): void;
  /** What was shown: from when it was true on the track, by the race's clock, to when all clients were sent it. */
  observeEventLatency(kind: string, ms: number, exemplar: Exemplar): void;
  /** From the oldest change that a flush shows to its end. */
  observeFlush(ms: number): void;
  /** The most that any client's socket still has to send, after a flush. */
  setOutbox(bytes: number): void;
  observeModelShare(share: number): void;
  /** A number that a fact leaves out, by the reason it gives. */
  countWithheld(reason: string): void;
  /** Call the returned function at the end. */
  startEncode(): () => void;
}

// From a delta of one car to a snapshot of 128 cars.
const ENCODE_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];

/** The model counts for a fifth at most. */
const MODEL_SHARE_BUCKETS = [0, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2];

export function createGatewayMetrics(metrics: Metrics): GatewayMetrics {
  const clients = metrics.gauge({ name: "gateway_clients_count", help: "Connected feed clients." });
  const viewAge = metrics.gauge({
    name: "gateway_view_age_seconds",
    help: "Wall time since the newest event time in the view was due by the race's clock.",
  });
  const conflated = metrics.counter({
    name: "gateway_frames_conflated_total",
    help: "Deltas merged into a later one because a client's outbox was over its soft cap.",
  });
  const disconnected = metrics.counter({
    name: "gateway_clients_disconnected_total",
    help: "Connections that ended or were refused, by reason.",
    labels: ["reason"],
  });
  const viewersRefused = metrics.counter({
    name: "gateway_viewers_refused_total",
    help: "Requests and connections without a valid viewer's token, by reason.",
    labels: ["reason"],
  });
  const requestsLimited = metrics.counter({
    name: "gateway_requests_limited_total",
    help: "REST requests that were answered with 429, too many of one address.",
  });
  const inputs = metrics.counter({
    name: "gateway_inputs_total",
    help: "Facts and live values by what became of them.",
    labels: ["kind", "outcome"],
  });
  const encode = metrics.histogram({
    name: "gateway_delta_encode_seconds",
    help: "Time to encode one snapshot or delta, once for all clients that share it.",
    buckets: ENCODE_BUCKETS_SECONDS,
  });
  const latency = createLatencies(metrics, "gateway");
  const factAge = latency({
    name: "gateway_fact_age_seconds",
    help: "From the fact log's taking a fact to our reading it.",
  });
  const eventLatency = latency({
    name: "gateway_event_latency_seconds",
    help: "From when a value was true on the track to when the clients were sent it, by kind. The service level.",
    labels: ["kind"],
  });
  const flush = latency({
    name: "gateway_flush_seconds",
    help: "From the oldest change that an update shows to its writing to the last client's socket.",
  });
  const outbox = metrics.gauge({
    name: "gateway_outbox_bytes",
    help: "The most that any client's socket still has to send.",
  });
  const share = metrics.histogram({
    name: "gateway_model_share_ratio",
    help: "Weight of the model in each lap, stint and stage; the rest is physics.",
    buckets: MODEL_SHARE_BUCKETS,
  });
  const withheld = metrics.counter({
    name: "gateway_numbers_withheld_total",
    help: "Numbers that facts leave out because they cannot be trusted, by reason.",
    labels: ["reason"],
  });
  clients.set(0);
  return {
    setClients: (count) => clients.set(count),
    setViewAge: (seconds) => viewAge.set(seconds),
    countConflated: (deltas) => conflated.add(deltas),
    countDisconnected: (reason) => disconnected.add(1, { reason }),
    countViewerRefused: (reason) => viewersRefused.add(1, { reason }),
    countRequestLimited: () => requestsLimited.add(),
    countInput: (kind, outcome) => inputs.add(1, { kind, outcome }),
    observeFactAge: (ms) => factAge.observe(ms),
    observeEventLatency: (kind, ms, exemplar) => eventLatency.observe(ms, { kind }, exemplar),
    observeFlush: (ms) => flush.observe(ms),
    setOutbox: (bytes) => outbox.set(bytes),
    observeModelShare: (ratio) => share.observe(ratio),
    countWithheld: (reason) => withheld.add(1, { reason }),
    startEncode: () => encode.startTimer(),
  };
}
