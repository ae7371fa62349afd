export {
  Admission,
  type AdmissionFault,
  CAR_SAMPLES_BURST_MAX,
  CAR_SAMPLES_PER_S_MAX,
  type Refusal,
} from "./admission.ts";
export { APPEND_ATTEMPTS_MAX, AppendError, type QueueTiming } from "./append-queue.ts";
export { type ControlFault, raceDefinitionFault } from "./control-admission.ts";
export { type EventsContext, parseEventsFile, withEvents } from "./events-file.ts";
export { HeadlessIngest } from "./headless-ingest.ts";
export { createIngest, type Ingest, type IngestOptions } from "./ingest.ts";
export type { CarCounts, IngestCounts } from "./ingest-counts.ts";
export { type IngestLogger, type IngestMetrics, noMetrics } from "./ingest-metrics.ts";
export { ingestPart } from "./ingest-part.ts";
export { definitionEvent, IngestSession, type IngestSessionOptions, type ItemOutcome } from "./ingest-session.ts";
export { findLoggedRace, type LoggedRace } from "./logged-race.ts";
export { type OpenSourceOptions, openSource } from "./open-source.ts";
export { Pace, type Speed } from "./pace.ts";
export { FramePacker, type RawSample } from "./packer.ts";
export { createIngestMetrics } from "./prometheus-metrics.ts";
export { Publisher } from "./publisher.ts";
export { PushEndpoint, type PushEndpointOptions } from "./push-endpoint.ts";
export { type PushAck, PushSource, type PushSourceOptions } from "./push-source.ts";
export { RECORDING_EPOCH_MS } from "./recorded-car.ts";
export { findResumePoint, ResumeFilter } from "./resume-point.ts";
export { createSimSource, type SimSourceOptions } from "./sim-source.ts";
export type { Settle, SkipReason, Source, SourceItem } from "./source.ts";
export { SourceError } from "./source.ts";
export { parseSourceAddress, SOURCE_FORMS, type SourceAddress } from "./source-address.ts";
