import { type HrTime, ROOT_CONTEXT, TraceFlags, type Tracer, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { type FrameTrace, frameTrace } from "./frame-trace.ts";

/** Spans that wait behind the batch under way; further ones are dropped, the race never waits for them. */
export const QUEUED_SPANS_MAX = 2_048;
export const EXPORT_SPANS_MAX = 512;
const EXPORT_INTERVAL_MS = 1_000;
const EXPORT_MS_MAX = 1_000;

type Attributes = Readonly<Record<string, string | number>>;

/** What one hop did with a frame, by wall time. */
export interface Hop {
  readonly name: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly attributes?: Attributes;
}

/** Tells what happens to frames; undefined where tracing is off, which is asked before anything is computed. */
export interface FrameTracing {
  /** Undefined: this frame is not traced. @param newestMs event time of the frame's newest sample */
  of(car: string, newestMs: number): FrameTrace | undefined;
  /** The span that all of a frame's hops hang below. Told once, by who sees the frame first. */
  frame(frame: FrameTrace, hop: Hop): void;
  hop(frame: FrameTrace, hop: Hop): void;
}

export interface FrameTracerOptions {
  readonly service: string;
  /** Of this process. */
  readonly name: string;
  readonly race: string;
  readonly ratio: number;
  readonly exporter: SpanExporter;
}

/** Sends what it is told of frames to a collector, in batches, from a bounded queue. */
export class FrameTracer implements FrameTracing {
  readonly #options: FrameTracerOptions;
  readonly #ids = new FrameIds();
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor(options: FrameTracerOptions) {
    this.#options = options;
    const { service, name, race, exporter } = options;
    this.#provider = new TracerProvider({
      // Which frames are traced was decided before a span is begun.
      ...{ sampler: new AlwaysOnSampler(), idGenerator: this.#ids },
      resource: resourceFromAttributes({
        "service.namespace": "burnline",
        "service.name": `burnline-${service}`,
        "service.instance.id": name,
        "burnline.race": race,
      }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: QUEUED_SPANS_MAX,
          maxExportBatchSize: EXPORT_SPANS_MAX,
          scheduledDelayMillis: EXPORT_INTERVAL_MS,
          exportTimeoutMillis: EXPORT_MS_MAX,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer("burnline");
  }

  of(car: string, newestMs: number): FrameTrace | undefined {
    return frameTrace(this.#options.race, car, newestMs, this.#options.ratio);
  }

  frame(frame: FrameTrace, { name, beganMs, endedMs, attributes = {} }: Hop): void {
    const options = { root: true, startTime: toTime(beganMs), attributes };
    this.#ids.next = frame;
    const span = this.#tracer.startSpan(name, options, ROOT_CONTEXT);
    this.#ids.next = undefined;
    span.end(toTime(Math.max(beganMs, endedMs)));
  }

  hop({ traceId, rootSpanId }: FrameTrace, { name, beganMs, endedMs, attributes = {} }: Hop): void {
    const parent = { traceId, spanId: rootSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
    const options = { startTime: toTime(beganMs), attributes };
    const span = this.#tracer.startSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, parent));
    // The clocks of two machines may differ a little.
    span.end(toTime(Math.max(beganMs, endedMs)));
  }

  /** Sends what waits, for at most so long as one export may take. Whoever counts the spans knows what was lost. */
  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => {});
  }
}

/** A plain number below the process's start would be taken for a time since then. */
function toTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}

/** Gives a frame's first span the names that follow from the frame; all other spans get random ones. */
class FrameIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  /** Of the root span that is begun next. */
  next: FrameTrace | undefined;

  generateTraceId(): string {
    return this.next?.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.next?.rootSpanId ?? this.#random.generateSpanId();
  }
}
