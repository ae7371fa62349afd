/** What ingest counts for the outside. Labels are reasons from closed lists, never what a sender wrote. */
export interface IngestMetrics {
  /** ingest_frames_admitted_total, ingest_samples_admitted_total, ingest_admitted_bytes_total */
  frameAdmitted(samples: number, bytes: number): void;
  /** ingest_event_age_seconds: since the newest sample of an admitted frame was taken, by the race's clock. */
  eventAge(ms: number, car: string, eventTimeMs: number): void;
  /** ingest_append_wait_seconds: from the queue to the log's acknowledgement. */
  appended(oldestWaitMs: number): void;
  /** ingest_frames_rejected_total{reason} */
  frameRejected(reason: string): void;
  /** ingest_controls_admitted_total */
  controlAdmitted(): void;
  /** ingest_controls_rejected_total{reason} */
  controlRejected(reason: string): void;
  /** ingest_samples_skipped_total{reason} */
  samplesSkipped(reason: string, count: number): void;
  /** ingest_push_messages_refused_total{reason}: refused as a whole, before their frames were looked at. */
  pushRefused(reason: string): void;
  /** ingest_append_retries_total */
  appendRetried(): void;
  /** ingest_recording_failures_total */
  recordingFailed(): void;
  /** ingest_queue_records, ingest_queue_bytes: what waits for the log. */
  queueDepth(records: number, bytes: number): void;
  /** ingest_queue_overruns_total: the queue was full, so the source had to wait. */
  queueOverrun(): void;
  /** ingest_samples_thinned_total */
  samplesThinned(count: number): void;
  /** ingest_sampling_limit_hertz: samples per second and car that are kept; Infinity: all. */
  samplingLimit(rateHzMax: number): void;
  /** ingest_clock_jumps_total{direction}: the machine's clock was stepped. */
  machineClockJumped(direction: "forwards" | "backwards"): void;
  /** ingest_race_clock_changes_total{clock}: the race clock followed this one. */
  raceClockFollowed(clock: string): void;
  /** ingest_clock_offset_seconds{clock}: how far this clock is ahead of the race clock. */
  clockOffset(clock: "machine" | "log", ms: number): void;
}

/** Counts nothing. */
export const noMetrics: IngestMetrics = {
  frameAdmitted: () => {},
  eventAge: () => {},
  appended: () => {},
  frameRejected: () => {},
  controlAdmitted: () => {},
  controlRejected: () => {},
  samplesSkipped: () => {},
  pushRefused: () => {},
  appendRetried: () => {},
  recordingFailed: () => {},
  queueDepth: () => {},
  queueOverrun: () => {},
  samplesThinned: () => {},
  samplingLimit: () => {},
  machineClockJumped: () => {},
  raceClockFollowed: () => {},
  clockOffset: () => {},
};

/** The part of a pino logger that ingest uses. */
export interface IngestLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
