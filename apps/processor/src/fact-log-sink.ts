import type { EventLog, OutboxSink } from "@burnline/stream";

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
