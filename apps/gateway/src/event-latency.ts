import type { RaceClock } from "@burnline/contract";
import { toWallMs } from "@burnline/contract/feed-client";
import type { FrameTracing } from "@burnline/runtime";
import type { GatewayMetrics } from "./gateway-metrics.ts";

/** Values between two flushes: ten a second of 128 cars with their facts are far fewer. More are shown, not measured. */
const PENDING_VALUES_MAX = 2_048;

/** A value that changed the view and waits for the next flush. */
interface Pending {
  readonly kind: string;
  readonly car: string;
  readonly eventTimeMs: number;
  readonly appliedMs: number;
}

/**
 * Measures what the platform promises: from when something was true on the track to when every client was sent it.
 * A value about no later time than what was shown before corrects it; it is late by nature and a kind of its own.
 */
export class EventLatency {
  readonly #metrics: Pick<GatewayMetrics, "observeEventLatency" | "observeFlush">;
  #pending: Pending[] = [];
  /** Newest event time shown, by kind and car. */
  readonly #shownMs = new Map<string, number>();
  #changedMs: number | undefined;
  readonly #tracing: FrameTracing | undefined;

  constructor(metrics: Pick<GatewayMetrics, "observeEventLatency" | "observeFlush">, tracing?: FrameTracing) {
    this.#metrics = metrics;
    this.#tracing = tracing;
  }

  applied(kind: string, car: string, eventTimeMs: number, nowMs: number): void {
    this.#changedMs ??= nowMs;
    // Only what the view took gets here, and it takes a limited number of cars.
    const key = `${kind} ${car}`;
    const isNewer = eventTimeMs > (this.#shownMs.get(key) ?? 0);
    if (isNewer) this.#shownMs.set(key, eventTimeMs);
    if (this.#pending.length >= PENDING_VALUES_MAX) return;
    this.#pending.push({ kind: isNewer ? kind : "correction", car, eventTimeMs, appliedMs: nowMs });
  }

  /** The clients were sent what was applied so far. */
  flushed(clock: RaceClock, nowMs: number): void {
    if (this.#changedMs !== undefined) this.#metrics.observeFlush(nowMs - this.#changedMs);
    for (const pending of this.#pending) {
      const { kind, car, eventTimeMs } = pending;
      const exemplar = { car, event_time_ms: `${eventTimeMs}`, ...this.#trace(pending, nowMs) };
      const trueMs = toWallMs(clock, eventTimeMs);
      if (trueMs !== undefined) this.#metrics.observeEventLatency(kind, nowMs - trueMs, exemplar);
    }
    this.forget();
  }

  /** A live value shows one frame, whose newest sample it is; a fact is made of many. @returns what leads to the trace */
  #trace({ kind, car, eventTimeMs, appliedMs }: Pending, nowMs: number): { trace_id?: string } {
    const trace = kind === "live" ? this.#tracing?.of(car, eventTimeMs) : undefined;
    if (trace === undefined) return {};
    this.#tracing?.hop(trace, { name: "show to the clients", beganMs: appliedMs, endedMs: nowMs });
    return { trace_id: trace.traceId };
  }

  /** What was applied so far is not measured: a view that is being rebuilt shows what happened long ago. */
  forget(): void {
    this.#pending = [];
    this.#changedMs = undefined;
  }
}
