export { writeFileAtomically } from "./atomic-file.ts";
export type { Connecting, NatsConfig, RedisConfig } from "./cluster-config.ts";
export {
  clusterSchema,
  natsKeys,
  natsOptions,
  processKeys,
  redisKeys,
  redisOptions,
  streamLimits,
} from "./cluster-config.ts";
export type { ConfigOutcome, ConfigSources, Program } from "./config.ts";
export { loadConfig } from "./config.ts";
export type { FrameTrace } from "./frame-trace.ts";
export type { FrameTracing, Hop } from "./frame-tracer.ts";
export type { HealthCheck, Readiness } from "./health.ts";
export { Health } from "./health.ts";
export type { FastifyInstance, HttpServerOptions, UpgradeHandler } from "./http-server.ts";
export { HttpServer, ListenError } from "./http-server.ts";
export type { LatencyMetric } from "./latency-metric.ts";
export { createLatencies } from "./latency-metric.ts";
export type { LifecycleOptions, Part } from "./lifecycle.ts";
export { EXIT_FAILURE, EXIT_FORCED, EXIT_OK, EXIT_USAGE, Lifecycle } from "./lifecycle.ts";
export type { LogFormat, Logger, LogLevel, LogOptions } from "./log.ts";
export { createLogger, LOG_FORMATS, LOG_LEVELS } from "./log.ts";
export { lossOf } from "./log-loss.ts";
export { MEMORY_LOG_BYTES_MAX, MemoryEventLog } from "./memory-event-log.ts";
export { MemoryLiveChannel } from "./memory-live-channel.ts";
export { MemoryMembership } from "./memory-membership.ts";
export { MemoryPeerHub, MemoryPeerLink } from "./memory-peer-link.ts";
export { MemorySnapshotStore, SNAPSHOTS_KEPT } from "./memory-snapshot-store.ts";
export { MemoryStateStore } from "./memory-state-store.ts";
export type { CounterMetric, Exemplar, GaugeMetric, HistogramMetric, MetricOptions } from "./metrics.ts";
export { Metrics } from "./metrics.ts";
export type { NatsEventLogOptions } from "./nats-event-log.ts";
export { NatsEventLog } from "./nats-event-log.ts";
export type { NatsCredentials, NatsLink, NatsOptions, NatsTls } from "./nats-link.ts";
export { connectNats } from "./nats-link.ts";
export { NatsLiveChannel } from "./nats-live-channel.ts";
export { createNatsMetrics } from "./nats-metrics.ts";
export { NatsPeerLink } from "./nats-peer-link.ts";
export type { NatsApp, NatsPermissionOptions, NatsPermissions } from "./nats-permissions.ts";
export { natsPermissions } from "./nats-permissions.ts";
export type { NatsSnapshotOptions } from "./nats-snapshot-store.ts";
export { NatsSnapshotStore } from "./nats-snapshot-store.ts";
export type { NatsStreamOptions } from "./nats-stream.ts";
export type { SubjectLayout } from "./nats-subjects.ts";
export { partitionTokenLayout, singlePartitionLayout } from "./nats-subjects.ts";
export { OperatingError } from "./operating-error.ts";
export { findProgram, goFolders } from "./program-path.ts";
export type { OwnedRaceLimits, RaceActivity, RaceStreamIds, RaceStreamLimits } from "./race-streams.ts";
export {
  ensureRaceStreams,
  openFactLog,
  openRaceLog,
  openRaceSnapshots,
  raceActivity,
  raceStreamIds,
  removeRaceStreams,
} from "./race-streams.ts";
export { traceOfRecord } from "./record-trace.ts";
export type { RedisConnection, RedisOptions } from "./redis-connection.ts";
export { connectRedis } from "./redis-connection.ts";
export type { RedisMembershipOptions } from "./redis-membership.ts";
export { RedisMembership } from "./redis-membership.ts";
export { claimRedisRace } from "./redis-race.ts";
export type { RedisStateStoreOptions } from "./redis-state-store.ts";
export { RedisStateStore } from "./redis-state-store.ts";
export { configOrExit, runService } from "./run-service.ts";
export { s3Keys, s3Options } from "./s3-config.ts";
export type { ObjectClient, S3Options } from "./s3-object-client.ts";
export { S3ObjectClient } from "./s3-object-client.ts";
export { backUpToS3 } from "./s3-race-snapshots.ts";
export type { OnNats } from "./service-on-nats.ts";
export { openOnNats } from "./service-on-nats.ts";
export type { PoliticSink, SinkPolicy, SinkTiming } from "./sink-policy.ts";
export { SINK_POLICY_DEFAULTS, SINK_TIMING, withSinkPolicy } from "./sink-policy.ts";
export type { DeadLetter, DeadLetterSink } from "./sink-policy-dead-letter.ts";
export { deadLetterLog } from "./sink-policy-dead-letter.ts";
export type { RefusedRecord } from "./sink-policy-error.ts";
export { RecordsRefusedError } from "./sink-policy-error.ts";
export type { SinkMetrics } from "./sink-policy-metrics.ts";
export { createSinkMetrics } from "./sink-policy-metrics.ts";
export type { SqliteDatabase, SqliteOptions } from "./sqlite-database.ts";
export { openSqlite } from "./sqlite-database.ts";
export { SqliteEventLog } from "./sqlite-event-log.ts";
export { SqliteSnapshotStore } from "./sqlite-snapshot-store.ts";
export { SqliteStateStore } from "./sqlite-state-store.ts";
export type { StorageFault } from "./storage-error.ts";
export { StorageError } from "./storage-error.ts";
export type { FarSnapshotMetrics } from "./tiered-snapshot-metrics.ts";
export { createFarSnapshotMetrics } from "./tiered-snapshot-metrics.ts";
export type { OpenTracing } from "./tracing.ts";
export { openTracing, tracingKeys } from "./tracing.ts";
export { steadyClock, wallClock } from "./wall-clock.ts";
