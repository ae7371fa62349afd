import { buckets, inTime, jump, level, rising, type Series, series } from "./alert-series.ts";

export interface AlertCase {
  /** The alert fires on this, and on the second it does not. */
  readonly fires: Series;
  /** On each of these alone it fires too. */
  readonly alsoFires?: readonly Series[];
  readonly quiet: Series;
  /** When it is looked at. */
  readonly at: string;
}

const COMING_IN = rising("ingest_frames_admitted_total", 6_000);
const COMMITTING = rising("processor_records_committed_total", 6_000);
const CLIENTS = level("gateway_clients_count", 3);
const OWNED = level("processor_partitions_owned_count", 32);
const DAY_S = 86_400;

export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  BurnlineLatencyBudgetFast: { fires: inTime(1_400), quiet: inTime(1_485), at: "10m" },
  BurnlineLatencyBudgetSlow: { fires: inTime(1_485), quiet: inTime(1_496), at: "40m" },
  BurnlineLatencyBudgetDrain: { fires: inTime(1_496), quiet: inTime(1_499), at: "130m" },
  BurnlineLatencyTargetMissed: {
    fires: buckets("gateway_event_latency_seconds", { 1: 100, 2.5: 1_500, "+Inf": 1_500 }, 'kind="lap"'),
    quiet: {
      ...buckets("gateway_event_latency_seconds", { 0.5: 1_490, 1: 1_499, 2.5: 1_500, "+Inf": 1_500 }, 'kind="lap"'),
      // What corrects an earlier value is late by nature.
      ...buckets("gateway_event_latency_seconds", { 1: 0, 2.5: 1, 5: 9, "+Inf": 9 }, 'kind="correction"'),
    },
    at: "6m",
  },
  BurnlineClockSkew: {
    fires: rising("gateway_clock_skew_total", 300, 'hop="gateway_fact_age_seconds"'),
    quiet: rising("gateway_clock_skew_total", 3, 'hop="gateway_fact_age_seconds"'),
    at: "5m",
  },
  BurnlineProcessorLag: {
    fires: { ...level("processor_lag_seconds", 0.1, 'pod="a"'), ...level("processor_lag_seconds", 7, 'pod="b"') },
    quiet: level("processor_lag_seconds", 0.4),
    at: "2m",
  },
  BurnlinePartitionsUnowned: {
    fires: level("processor_unowned_partitions_count", 4),
    // One that has just joined does not see the others yet.
    quiet: {
      ...level("processor_unowned_partitions_count", 64, 'pod="new"'),
      ...level("processor_unowned_partitions_count", 0, 'pod="old"'),
    },
    at: "2m",
  },
  BurnlinePartitionsOwnedTwice: {
    fires: {
      ...level("processor_partitions_owned_count", 64, 'pod="a"'),
      ...level("processor_partitions_owned_count", 1, 'pod="b"'),
    },
    quiet: { ...OWNED, ...level("processor_partitions_owned_count", 32, 'pod="b"') },
    at: "5m",
  },
  BurnlineLeasesLost: {
    fires: jump("processor_partitions_lost_total", 90, 'reason="renewal"'),
    quiet: jump("processor_partitions_lost_total", 16, 'reason="renewal"'),
    at: "8m",
  },
  BurnlineTakeoverSlow: {
    fires: buckets("processor_handover_gap_seconds", { 1: 0, 2.5: 0, 5: 8, "+Inf": 8 }, 'reason="expired"'),
    quiet: buckets("processor_handover_gap_seconds", { 0.25: 8, 1: 8, 2.5: 8, 5: 8, "+Inf": 8 }, 'reason="expired"'),
    at: "8m",
  },
  BurnlinePartitionFails: {
    fires: jump("processor_partition_failures_total", 9),
    quiet: jump("processor_partition_failures_total", 1),
    at: "8m",
  },
  BurnlineRedisAway: {
    fires: rising("processor_membership_failures_total", 60),
    quiet: jump("processor_membership_failures_total", 1),
    at: "8m",
  },
  BurnlineStateLost: {
    // A new process, that recovered before anybody asked it.
    fires: series("processor_recoveries_total", "_x20 3x40", 'source="snapshot"'),
    quiet: jump("processor_recoveries_total", 64, 'source="store"'),
    at: "8m",
  },
  BurnlineDataGap: {
    fires: series("processor_data_gaps_total", "0x340 1x60"),
    quiet: series("processor_data_gaps_total", "2x400"),
    at: "90m",
  },
  BurnlineFactsHeldUp: {
    fires: {
      ...level("processor_sink_breaker_open", 0, 'pod="a"'),
      ...level("processor_sink_breaker_open", 1, 'pod="b"'),
    },
    // It opens and closes again within seconds while NATS restarts.
    quiet: series("processor_sink_breaker_open", "0x7 1 0x60"),
    at: "2m",
  },
  BurnlineDeadLetters: {
    fires: series("processor_sink_dead_letters_total", "0x340 1x60", 'reason="too-large"'),
    quiet: series("processor_sink_dead_letters_total", "2x400", 'reason="too-large"'),
    at: "90m",
  },
  BurnlineLateFrames: {
    fires: rising("processor_late_frames_total", 60),
    quiet: rising("processor_late_frames_total", 2),
    at: "8m",
  },
  BurnlineSnapshotOld: {
    fires: { ...level("processor_snapshot_age_seconds", 90), ...COMMITTING },
    // After the race there is nothing new to keep.
    quiet: { ...level("processor_snapshot_age_seconds", 9_000), ...level("processor_records_committed_total", 7) },
    at: "8m",
  },
  BurnlineFarSnapshotsFail: {
    fires: jump("processor_far_snapshot_failures_total", 9, 'call="put"'),
    quiet: jump("processor_far_snapshot_failures_total", 2, 'call="put"'),
    at: "8m",
  },
  BurnlineFramesRejected: {
    fires: { ...COMING_IN, ...rising("ingest_frames_rejected_total", 200, 'reason="bad-car-id"') },
    quiet: { ...COMING_IN, ...rising("ingest_frames_rejected_total", 6, 'reason="bad-car-id"') },
    at: "8m",
  },
  BurnlinePushRefused: {
    fires: rising("ingest_push_messages_refused_total", 30, 'reason="unauthorized"'),
    quiet: rising("ingest_push_messages_refused_total", 1, 'reason="unauthorized"'),
    at: "8m",
  },
  BurnlineTelemetrySilent: {
    fires: series("ingest_frames_admitted_total", "0+6000x20 120000x40"),
    quiet: level("ingest_frames_admitted_total", 120_000),
    at: "8m",
  },
  BurnlineThinning: {
    fires: level("ingest_sampling_limit_hertz", 30),
    // "Infx60" is no word of promtool's.
    quiet: series("ingest_sampling_limit_hertz", "Inf ".repeat(20).trim()),
    at: "2m",
  },
  BurnlineIngestQueueFull: {
    fires: rising("ingest_queue_overruns_total", 20),
    quiet: jump("ingest_queue_overruns_total", 2),
    at: "6m",
  },
  BurnlineAppendRetries: {
    fires: rising("ingest_append_retries_total", 15),
    quiet: jump("ingest_append_retries_total", 1),
    at: "8m",
  },
  BurnlineRecordingFailed: {
    fires: jump("ingest_recording_failures_total", 1),
    quiet: level("ingest_recording_failures_total", 1),
    at: "8m",
  },
  BurnlineIngestClockWrong: {
    fires: level("ingest_clock_offset_seconds", 3_600, 'pod="a", clock="machine"'),
    alsoFires: [level("ingest_clock_offset_seconds", -90, 'pod="a", clock="log"')],
    // What another ingest wrote a second ago is the age of that, and a jump that is mended at once is none.
    quiet: {
      ...level("ingest_clock_offset_seconds", -1, 'pod="a", clock="log"'),
      ...series("ingest_clock_offset_seconds", "0x20 3600 0x40", 'pod="a", clock="machine"'),
    },
    at: "5m30s",
  },
  BurnlineClientsDropped: {
    fires: rising("gateway_clients_disconnected_total", 15, 'reason="slow"'),
    quiet: rising("gateway_clients_disconnected_total", 150, 'reason="client"'),
    at: "8m",
  },
  BurnlineViewOld: {
    fires: { ...level("gateway_view_age_seconds", 9), ...COMING_IN },
    quiet: { ...level("gateway_view_age_seconds", 900), ...level("ingest_frames_admitted_total", 7) },
    at: "8m",
  },
  BurnlineOutboxFull: {
    fires: level("gateway_outbox_bytes", 900_000, 'pod="a"'),
    quiet: level("gateway_outbox_bytes", 9_000, 'pod="a"'),
    at: "8m",
  },
  BurnlineInputsRefused: {
    fires: rising("gateway_inputs_total", 15, 'kind="fact", outcome="unknown-schema-version"'),
    quiet: {
      ...rising("gateway_inputs_total", 6_000, 'kind="fact", outcome="applied"'),
      ...rising("gateway_inputs_total", 600, 'kind="live", outcome="older"'),
    },
    at: "8m",
  },
  BurnlineNumbersWithheld: {
    fires: rising("gateway_numbers_withheld_total", 90, 'reason="no rpm channel"'),
    quiet: rising("gateway_numbers_withheld_total", 90, 'reason="no anchor"'),
    at: "12m",
  },
  BurnlineInferenceSlow: {
    fires: buckets("inference_run_seconds", { 0.002: 1, 0.01: 2, 0.05: 100, "+Inf": 100 }),
    quiet: buckets("inference_run_seconds", { 0.002: 100, 0.01: 100, 0.05: 100, "+Inf": 100 }),
    at: "10m",
  },
  BurnlineInferenceDeclines: {
    fires: {
      ...rising("inference_windows_total", 500, 'outcome="corrected"'),
      ...rising("inference_windows_total", 100, 'outcome="breaker-open"'),
    },
    quiet: {
      ...rising("inference_windows_total", 500, 'outcome="corrected"'),
      ...rising("inference_windows_total", 100, 'outcome="out-of-range"'),
    },
    at: "10m",
  },
  BurnlineNatsAway: {
    fires: level("gateway_nats_connected", 0, 'pod="a"'),
    alsoFires: ["ingest", "processor", "inference", "operator"].map((app) =>
      level(`${app}_nats_connected`, 0, 'pod="a"'),
    ),
    quiet: { ...level("gateway_nats_connected", 1, 'pod="a"'), ...level("ingest_nats_connected", 1, 'pod="b"') },
    at: "2m",
  },
  BurnlineNatsAppendsFail: {
    fires: rising("ingest_nats_append_failures_total", 15, 'stream="RACE-r", fault="full"'),
    quiet: jump("ingest_nats_append_failures_total", 1, 'stream="RACE-r", fault="full"'),
    at: "8m",
  },
  BurnlineNatsReadersRestart: {
    fires: rising("processor_nats_reader_restarts_total", 64, 'stream="RACE-r", why="silent"'),
    quiet: jump("processor_nats_reader_restarts_total", 32, 'stream="RACE-r", why="reconnected"'),
    at: "8m",
  },
  BurnlineDuplicatesRemoved: {
    fires: rising("processor_nats_append_duplicates_total", 600, 'stream="FACT-r"'),
    quiet: rising("processor_nats_append_duplicates_total", 15, 'stream="FACT-r"'),
    at: "8m",
  },
  BurnlineNatsRedelivery: {
    // One record alone, each 10 s.
    fires: rising("inference_nats_redelivered_records_total", 1.5, 'stream="FACT-r", pod="a"'),
    // An update, and then a pod dies with all that a group may hold.
    quiet: {
      ...series("inference_nats_redelivered_records_total", "0x5 40x54", 'stream="FACT-r", pod="a"'),
      ...series("inference_nats_redelivered_records_total", "0x10 40x50", 'stream="FACT-r", pod="b"'),
      ...jump("inference_nats_redelivered_records_total", 4_096, 'stream="FACT-r", pod="c"'),
    },
    at: "5m45s",
  },
  BurnlineNatsAcksFail: {
    fires: rising("inference_nats_acknowledge_failures_total", 1.5, 'stream="FACT-r"'),
    quiet: jump("inference_nats_acknowledge_failures_total", 9, 'stream="FACT-r"'),
    at: "5m45s",
  },
  BurnlineServiceDown: {
    fires: level("up", 0, 'pod="a", app_kubernetes_io_component="gateway"'),
    quiet: {
      ...level("up", 1, 'pod="a", app_kubernetes_io_component="gateway"'),
      ...level("up", 0, 'pod="b", app_kubernetes_io_component="controller"'),
    },
    at: "3m",
  },
  BurnlineServiceMissing: { fires: OWNED, quiet: { ...OWNED, ...CLIENTS }, at: "5m" },
  BurnlinePodRestarts: {
    fires: jump("kube_pod_container_status_restarts_total", 4, 'pod="a", container="processor"'),
    // The servers as well, by whichever chart they came.
    alsoFires: ["operator", "nats", "redis", "valkey"].map((container) =>
      jump("kube_pod_container_status_restarts_total", 4, `pod="a", container="${container}"`),
    ),
    quiet: jump("kube_pod_container_status_restarts_total", 1, 'pod="a", container="processor"'),
    at: "8m",
  },
  BurnlineVolumeFull: {
    fires: {
      ...level("kubelet_volume_stats_available_bytes", 1, 'persistentvolumeclaim="data-nats-0"'),
      ...level("kubelet_volume_stats_capacity_bytes", 10, 'persistentvolumeclaim="data-nats-0"'),
    },
    quiet: {
      ...level("kubelet_volume_stats_available_bytes", 6, 'persistentvolumeclaim="data-nats-0"'),
      ...level("kubelet_volume_stats_capacity_bytes", 10, 'persistentvolumeclaim="data-nats-0"'),
    },
    at: "5m",
  },
  BurnlineCertificateExpires: {
    fires: series("certmanager_certificate_expiration_timestamp_seconds", `${3 * DAY_S}x600`, 'name="nats"'),
    quiet: series("certmanager_certificate_expiration_timestamp_seconds", `${60 * DAY_S}x600`, 'name="nats"'),
    at: "90m",
  },
  BurnlineScalerErrors: {
    fires: rising("keda_scaler_detail_errors_total", 1, 'scaledObject="burnline-processor", scaler="s0"'),
    quiet: level("keda_scaler_detail_errors_total", 1, 'scaledObject="burnline-processor", scaler="s0"'),
    at: "10m",
  },
  BurnlineScaledOut: {
    fires: {
      ...level("kube_horizontalpodautoscaler_status_current_replicas", 8, 'horizontalpodautoscaler="burnline-gateway"'),
      ...level("kube_horizontalpodautoscaler_spec_max_replicas", 8, 'horizontalpodautoscaler="burnline-gateway"'),
    },
    quiet: {
      ...level("kube_horizontalpodautoscaler_status_current_replicas", 2, 'horizontalpodautoscaler="burnline-gateway"'),
      ...level("kube_horizontalpodautoscaler_spec_max_replicas", 8, 'horizontalpodautoscaler="burnline-gateway"'),
    },
    at: "10m",
  },
};
