import {
  createSinkMetrics,
  deadLetterLog,
  type Logger,
  type Metrics,
  SINK_POLICY_DEFAULTS,
  SINK_TIMING,
  withSinkPolicy,
} from "@burnline/runtime";
import type { EventLog, OutboxSink } from "@burnline/stream";

/** A NATS that is back is noticed so soon; the picture stands still meanwhile. */
const BACKOFF_MS_MAX = 500;

/** The outbox goes into the fact log, which knows a record that it already has by its id. `onLate` is told of late frames among it. */
export function factLogSink(factLog: EventLog, onLate: (frames: number) => void = () => {}): OutboxSink {
  return {
    async send(records) {
      const late = records.filter(({ subject }) => subject.startsWith("late.")).length;
      if (late > 0) onLate(late);
      await factLog.append(
        records.map(({ id, subject, payload }) => ({ partition: 0, subject, payload, messageId: id })),
      );
    },
  };
}

/**
 * The same under the policy of everything that leaves: what cannot be taken now is tried until it can, and a record that
 * will never be taken becomes a dead letter and holds up no other car.
 */
export function policedFactSink(
  sink: OutboxSink,
  place: { readonly factLog: EventLog; readonly race: string; readonly metrics: Metrics; readonly logger: Logger },
): OutboxSink {
  const { factLog, race, metrics, logger } = place;
  return withSinkPolicy(sink, {
    ...SINK_POLICY_DEFAULTS,
    ...{ name: "facts", backoffMsMax: BACKOFF_MS_MAX, timing: SINK_TIMING, logger },
    deadLetters: deadLetterLog(factLog, race),
    metrics: createSinkMetrics(metrics, "processor")("facts"),
  });
}
