import { type FrameTrace, type FrameTracing, traceOfRecord } from "@burnline/runtime";
import { type Clock, instead } from "@burnline/std";
import type { EventLog, LogReader, LogRecord, RunnerPorts, StateStore } from "@burnline/stream";

/** A frame that the log has had for longer is being replayed: its trace was told when it was new. */
const LIVE_AGE_MS_MAX = 60_000;

/** Traced frames of a partition that wait for their commit; further ones are told without it. */
const WAITING_FRAMES_MAX = 256;

interface WaitingFrame {
  readonly trace: FrameTrace;
  readonly position: number;
  readonly readMs: number;
}

type TracedPorts = Pick<RunnerPorts, "log" | "state">;

/** Log and state of the partitions, telling of traced frames when they were read, committed and relayed. */
export function tracePorts({ log, state }: TracedPorts, tracing: FrameTracing, clock: Clock): TracedPorts {
  const waiting = new Map<number, WaitingFrame[]>();
  /** Committed, and what came of them is on its way to the fact log. */
  const relaying = new Map<number, { frames: readonly WaitingFrame[]; beganMs: number }>();
  const onRead = (records: readonly LogRecord[]) => {
    const readMs = clock.nowMs();
    for (const record of records) {
      const isReplayed = readMs - record.appendedAtMs > LIVE_AGE_MS_MAX;
      const trace = isReplayed ? undefined : traceOfRecord(record, tracing)?.trace;
      if (trace === undefined) continue;
      const { partition, position, appendedAtMs } = record;
      const attributes = { "burnline.partition": partition, "burnline.position": position };
      tracing.hop(trace, { name: "read from the log", beganMs: appendedAtMs, endedMs: readMs, attributes });
      const frames = waiting.get(partition) ?? [];
      waiting.set(partition, frames);
      if (frames.length < WAITING_FRAMES_MAX) frames.push({ trace, position, readMs });
    }
  };
  const onCommitted = (partition: number, position: number, outputs: number) => {
    const frames = waiting.get(partition) ?? [];
    const endedMs = clock.nowMs();
    const committed = frames.filter((frame) => frame.position <= position);
    waiting.set(partition, frames.slice(committed.length));
    for (const { trace, readMs } of committed) tracing.hop(trace, { name: "commit", beganMs: readMs, endedMs });
    if (outputs > 0) relaying.set(partition, { frames: committed, beganMs: endedMs });
  };
  const onRelayed = (partition: number) => {
    const { frames, beganMs } = relaying.get(partition) ?? { frames: [], beganMs: 0 };
    relaying.delete(partition);
    const endedMs = clock.nowMs();
    for (const { trace } of frames) tracing.hop(trace, { name: "facts to the fact log", beganMs, endedMs });
  };
  return {
    log: traceReads(log, onRead, (partition) => void waiting.delete(partition)),
    state: traceCommits(state, onCommitted, onRelayed),
  };
}

/** @param onOpen a partition is read anew: what waited for a commit of its former run will not get one */
function traceReads(
  log: EventLog,
  onRead: (records: readonly LogRecord[]) => void,
  onOpen: (partition: number) => void,
): EventLog {
  const open = async (options: Parameters<EventLog["open"]>[0]): Promise<LogReader> => {
    const reader = await log.open(options);
    if (options.partition === undefined) return reader;
    onOpen(options.partition);
    const next = async (maxRecords: number, waitMs: number) => {
      const records = await reader.next(maxRecords, waitMs);
      onRead(records);
      return records;
    };
    return { next, close: () => reader.close() };
  };
  return instead(log, { open });
}

function traceCommits(
  state: StateStore,
  onCommitted: (partition: number, position: number, outputs: number) => void,
  onRelayed: (partition: number) => void,
): StateStore {
  return instead(state, {
    commit: async (lease, commit) => {
      // The runner empties its outbox when the commit is there.
      const outputs = commit.outbox.length;
      const outcome = await state.commit(lease, commit);
      if (outcome === "committed") onCommitted(lease.partition, commit.nextPosition, outputs);
      return outcome;
    },
    trimOutbox: async (lease, throughSequence) => {
      const outcome = await state.trimOutbox(lease, throughSequence);
      if (outcome === "committed") onRelayed(lease.partition);
      return outcome;
    },
  });
}
