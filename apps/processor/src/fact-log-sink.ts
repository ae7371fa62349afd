import type { EventLog, OutboxSink } from "@burnline/stream";

/** The outbox goes into the fact log, which knows a record that it already has by its id. */
export function factLogSink(factLog: EventLog): OutboxSink {
  return {
    async send(records) {
      await factLog.append(
        records.map(({ id, subject, payload }) => ({ partition: 0, subject, payload, messageId: id })),
      );
    },
  };
}
