import type { Metrics } from "@burnline/runtime";
import type { DisconnectReason } from "./client-session.ts";
import type { Outcome } from "./fact-check.ts";

/** What the gateway counts, in words of the gateway. */
export interface GatewayMetrics {
  setClients(count: number): void;
  setViewAge(seconds: number): void;
  countConflated(deltas: number): void;
  countDisconnected(reason: DisconnectReason | "refused"): void;
  countInput(kind: "fact" | "live", outcome: Outcome): void;
  /** Call the returned function at the end. */
  startEncode(): () => void;
}

// From a delta of one car to a snapshot of 128 cars.
const ENCODE_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];

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
  clients.set(0);
  return {
    setClients: (count) => clients.set(count),
    setViewAge: (seconds) => viewAge.set(seconds),
    countConflated: (deltas) => conflated.add(deltas),
    countDisconnected: (reason) => disconnected.add(1, { reason }),
    countInput: (kind, outcome) => inputs.add(1, { kind, outcome }),
    startEncode: () => encode.startTimer(),
  };
}
