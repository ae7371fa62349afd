import { createLatencies, type Metrics } from "@burnline/runtime";
import type { IngestMetrics } from "./ingest-metrics.ts";

/** The metrics of ingest in the process's Prometheus registry. Once per registry. */
export function createIngestMetrics(metrics: Metrics): IngestMetrics {
  const counter = (name: string, help: string, labels: readonly string[] = []) =>
    metrics.counter({ name, help, labels });
  const frames = counter("ingest_frames_admitted_total", "Frames that went to the log.");
  const samples = counter("ingest_samples_admitted_total", "Samples in admitted frames.");
  const bytes = counter("ingest_admitted_bytes_total", "Bytes of admitted frames.");
  const framesRejected = counter("ingest_frames_rejected_total", "Frames refused, by reason.", ["reason"]);
  const controls = counter("ingest_controls_admitted_total", "Control events that went to the log.");
  const controlsRejected = counter("ingest_controls_rejected_total", "Control events refused, by reason.", ["reason"]);
  const skipped = counter("ingest_samples_skipped_total", "Samples that the source had to leave out, by reason.", [
    "reason",
  ]);
  const refused = counter("ingest_push_messages_refused_total", "Pushed messages refused as a whole, by reason.", [
    "reason",
  ]);
  const retries = counter("ingest_append_retries_total", "Batches that the log did not take at the first attempt.");
  const recordingFailures = counter("ingest_recording_failures_total", "Recordings that ended early.");
  const queue = metrics.gauge({ name: "ingest_queue_records", help: "Records that wait for the log." });
  const queueBytes = metrics.gauge({ name: "ingest_queue_bytes", help: "Bytes of the records that wait for the log." });
  const overruns = counter("ingest_queue_overruns_total", "Times that the queue was full and the source had to wait.");
  const thinned = counter(
    "ingest_samples_thinned_total",
    "Samples left out under pressure; the others stand for them.",
  );
  const limit = metrics.gauge({
    name: "ingest_sampling_limit_hertz",
    help: "Samples per second and car that are kept; +Inf: all of them.",
  });
  limit.set(Number.POSITIVE_INFINITY);
  const latency = createLatencies(metrics, "ingest");
  const eventAge = latency({
    name: "ingest_event_age_seconds",
    help: "From an admitted frame's newest sample, by the race's clock, to its admission.",
  });
  const appendWait = latency({
    name: "ingest_append_wait_seconds",
    help: "From the queue to the log's acknowledgement, oldest record of each batch.",
  });
  return {
    frameAdmitted: (sampleCount, byteCount) => {
      frames.add();
      samples.add(sampleCount);
      bytes.add(byteCount);
    },
    eventAge: (ms, car, eventTimeMs) => eventAge.observe(ms, undefined, { car, event_time_ms: `${eventTimeMs}` }),
    appended: (oldestWaitMs) => appendWait.observe(oldestWaitMs),
    frameRejected: (reason) => framesRejected.add(1, { reason }),
    controlAdmitted: () => controls.add(),
    controlRejected: (reason) => controlsRejected.add(1, { reason }),
    samplesSkipped: (reason, count) => skipped.add(count, { reason }),
    pushRefused: (reason) => refused.add(1, { reason }),
    appendRetried: () => retries.add(),
    recordingFailed: () => recordingFailures.add(),
    queueDepth: (records, byteCount) => {
      queue.set(records);
      queueBytes.set(byteCount);
    },
    queueOverrun: () => overruns.add(),
    samplesThinned: (count) => thinned.add(count),
    samplingLimit: (rateHzMax) => limit.set(rateHzMax),
    ...createClockMetrics(metrics),
  };
}

type ClockMetrics = Pick<IngestMetrics, "machineClockJumped" | "raceClockFollowed" | "clockOffset">;

function createClockMetrics(metrics: Metrics): ClockMetrics {
  const jumps = metrics.counter({
    name: "ingest_clock_jumps_total",
    help: "Steps of the machine's clock by more than a second, by direction.",
    labels: ["direction"],
    fromZero: [{ direction: "forwards" }, { direction: "backwards" }],
  });
  const changes = metrics.counter({
    name: "ingest_race_clock_changes_total",
    help: "Times that the race clock followed another clock, by which, because what arrived fitted that one only.",
    labels: ["clock"],
  });
  const offset = metrics.gauge({
    name: "ingest_clock_offset_seconds",
    help: "How far the machine's clock, or that of the log's server, is ahead of the race clock.",
    labels: ["clock"],
  });
  return {
    machineClockJumped: (direction) => jumps.add(1, { direction }),
    raceClockFollowed: (clock) => changes.add(1, { clock }),
    clockOffset: (clock, ms) => offset.set(ms / 1_000, { clock }),
  };
}
