import type { DisconnectReason } from "./client-session.ts";
import type { Outcome } from "./fact-check.ts";

/** What the gateway counts. Names and units are those of the exported metrics. */
export interface GatewayMetrics {
  /** gateway_clients_count */
  setClients(count: number): void;
  /** gateway_frames_conflated_total */
  countConflated(deltas: number): void;
  /** gateway_clients_disconnected_total{reason} */
  countDisconnected(reason: DisconnectReason | "refused"): void;
  /** gateway_inputs_total{kind, outcome} */
  countInput(kind: "fact" | "live", outcome: Outcome): void;
  /** gateway_delta_encode_seconds; call the returned function at the end. */
  startEncode(): () => void;
}
