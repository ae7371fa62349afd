import { z } from "zod";
import type { FrameTracing } from "./frame-tracer.ts";
import type { Part } from "./lifecycle.ts";
import type { Metrics } from "./metrics.ts";
import { OperatingError } from "./operating-error.ts";
import type { SpanLogger } from "./span-count.ts";

/** What waits is sent in the time of one export, or not at all. */
const STOP_MS_MAX = 1_500;

/** Keys of a program that tells what happens to frames. */
export const tracingKeys = {
  tracingEndpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ allowed: "an address like http://collector:4318" })
    .describe("Collector of OpenTelemetry traces (OTLP over HTTP); without it there are none"),
  tracingRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Share of the frames that are traced; the same in all processes of a race"),
};

const tracingSchema = z.object(tracingKeys);
export type TracingConfig = z.output<typeof tracingSchema>;

export interface TracingContext {
  readonly service: string;
  /** Of this process. */
  readonly name: string;
  readonly race: string;
  readonly metrics: Metrics;
  readonly logger: SpanLogger;
}

export interface OpenTracing {
  readonly tracing: FrameTracing;
  /** Starts nothing; its stop sends what waits. */
  readonly part: Part;
}

/**
 * Undefined when nothing is to be traced: then nothing of OpenTelemetry is loaded either.
 * @throws OperatingError when the settings do not fit together.
 */
export async function openTracing(
  { tracingEndpoint, tracingRatio }: TracingConfig,
  { service, name, race, metrics, logger }: TracingContext,
): Promise<OpenTracing | undefined> {
  if (tracingRatio === 0) return undefined;
  if (tracingEndpoint === undefined)
    throw new OperatingError("--tracing-ratio needs to know where traces go: give --tracing-endpoint as well.");
  const [{ FrameTracer }, { OTLPTraceExporter }, { countSpans }] = await Promise.all([
    import("./frame-tracer.ts"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("./span-count.ts"),
  ]);
  const url = `${tracingEndpoint.replace(/\/+$/, "")}/v1/traces`;
  const exporter = countSpans(new OTLPTraceExporter({ url }), metrics, service, logger);
  const tracer = new FrameTracer({ service, name, race, exporter, ratio: tracingRatio });
  const part = { name: "traces", start: async () => {}, stop: () => tracer.close(), stopMsMax: STOP_MS_MAX };
  return { tracing: tracer, part };
}
