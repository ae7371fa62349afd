/** Names of what the scenarios count, as k6 and whoever reads its output know them. */
export const METRICS = {
  /** Live values and windows together, from the event on the car to its arrival at a client. */
  latency: "burnline_latency_ms",
  live: "burnline_live_latency_ms",
  window: "burnline_window_latency_ms",
  lap: "burnline_lap_latency_ms",
  /** Longest time for which a car's view stood still, of each message. */
  standstill: "burnline_standstill_ms",
  /** From leaving to the first snapshot of the next connection. */
  reconnect: "burnline_reconnect_ms",
  reconnects: "burnline_reconnects",
  gaps: "burnline_gaps",
  /** Frames refused, given up, or not acknowledged at the end. */
  drops: "burnline_drops",
  orderViolations: "burnline_order_violations",
  /** Samples that the laps shown to clients lack, or have too many. */
  samplesMissing: "burnline_samples_missing",
  lapsJudged: "burnline_laps_judged",
  /** How long after its moment a frame left: k6 itself was late, and so is all that it says of the product. */
  sentLate: "burnline_sent_late_ms",
  framesSent: "burnline_frames_sent",
  framesAcked: "burnline_frames_acked",
  liveMessages: "burnline_live_messages",
  feedBytes: "burnline_feed_bytes",
  /** A client that reads well was sent away, or a feed lost its connection. */
  unexpectedCloses: "burnline_unexpected_closes",
  /** A client that did not read was sent away. */
  stalledCloses: "burnline_stalled_closes",
  /** Updates that a slow client got merged into one. */
  merged: "burnline_merged_updates",
} as const;
