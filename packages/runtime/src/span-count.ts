import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Metrics } from "./metrics.ts";

export interface SpanLogger {
  warn(fields: object, message: string): void;
}

/** Counts what reaches the collector, and says once when it stops to do so. Spans are never sent again. */
export function countSpans(
  exporter: SpanExporter,
  metrics: Metrics,
  service: string,
  logger: SpanLogger,
): SpanExporter {
  const spans = metrics.counter({
    name: `${service}_trace_spans_total`,
    help: "Spans by what became of them: sent, or lost because the collector did not take them",
    labels: ["outcome"],
  });
  let isFailing = false;
  return {
    export: (batch: ReadableSpan[], done) =>
      exporter.export(batch, (result) => {
        // 0: ExportResultCode.SUCCESS, of a package that would be needed for this number only.
        const isSent = result.code === 0;
        spans.add(batch.length, { outcome: isSent ? "sent" : "lost" });
        if (!isSent && !isFailing)
          logger.warn({ err: result.error }, "the collector does not take traces: look at --tracing-endpoint");
        isFailing = !isSent;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
