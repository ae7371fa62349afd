import type { Metrics } from "./metrics.ts";

/** What an adapter counts. Every stream and bucket of a connection shares it. */
export interface NatsMetrics {
  connected(isConnected: boolean): void;
  reconnected(): void;
  outstandingAcks(stream: string, records: number): void;
  waitingAppends(stream: string, records: number): void;
  appended(stream: string, records: number): void;
  duplicated(stream: string): void;
  appendFailed(stream: string, fault: string): void;
  readerRestarted(stream: string, why: string): void;
  redelivered(stream: string, records: number): void;
  acknowledgeFailed(stream: string, times: number): void;
  liveDropped(): void;
}

/** Metrics of one connection, named `<service>_nats_…`. */
export function createNatsMetrics(metrics: Metrics, service: string): NatsMetrics {
  const name = (rest: string) => `${service}_nats_${rest}`;
  const byStream = ["stream"];
  const connected = metrics.gauge({ name: name("connected"), help: "1 while the connection to NATS stands" });
  const reconnects = metrics.counter({ name: name("reconnects_total"), help: "Connections that were made again" });
  const outstanding = metrics.gauge({
    name: name("append_outstanding_records"),
    help: "Records sent whose acknowledgement has not come yet",
    labels: byStream,
  });
  const waiting = metrics.gauge({
    name: name("append_waiting_records"),
    help: "Records that wait for room among the outstanding acknowledgements",
    labels: byStream,
  });
  const appended = metrics.counter({
    name: name("appended_records_total"),
    help: "Records acknowledged by the stream",
    labels: byStream,
  });
  const duplicates = metrics.counter({
    name: name("append_duplicates_total"),
    help: "Records that the stream already had",
    labels: byStream,
  });
  const failures = metrics.counter({
    name: name("append_failures_total"),
    help: "Appends that were rejected, by fault",
    labels: ["stream", "fault"],
  });
  const restarts = metrics.counter({
    name: name("reader_restarts_total"),
    help: "Readers that made their consumer again, by reason",
    labels: ["stream", "why"],
  });
  const redelivered = metrics.counter({
    name: name("redelivered_records_total"),
    help: "Records that the server gave to this reader although they had been given away before",
    labels: byStream,
  });
  const acknowledgeFailures = metrics.counter({
    name: name("acknowledge_failures_total"),
    help: "Attempts to acknowledge what was read that the server did not confirm",
    labels: byStream,
  });
  const liveDropped = metrics.counter({
    name: name("live_dropped_total"),
    help: "Live values dropped because the connection was down",
  });
  return {
    connected: (isConnected) => connected.set(isConnected ? 1 : 0),
    reconnected: () => reconnects.add(),
    outstandingAcks: (stream, records) => outstanding.set(records, { stream }),
    waitingAppends: (stream, records) => waiting.set(records, { stream }),
    appended: (stream, records) => appended.add(records, { stream }),
    duplicated: (stream) => duplicates.add(1, { stream }),
    appendFailed: (stream, fault) => failures.add(1, { stream, fault }),
    readerRestarted: (stream, why) => restarts.add(1, { stream, why }),
    redelivered: (stream, records) => redelivered.add(records, { stream }),
    acknowledgeFailed: (stream, times) => acknowledgeFailures.add(times, { stream }),
    liveDropped: () => liveDropped.add(),
  };
}

const nothing = () => {};

/** Counts nothing: tools and tests without metrics. */
export const NO_NATS_METRICS: NatsMetrics = {
  connected: nothing,
  reconnected: nothing,
  outstandingAcks: nothing,
  waitingAppends: nothing,
  appended: nothing,
  duplicated: nothing,
  appendFailed: nothing,
  readerRestarted: nothing,
  redelivered: nothing,
  acknowledgeFailed: nothing,
  liveDropped: nothing,
};
