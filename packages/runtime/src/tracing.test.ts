import { createServer, type Server } from "node:http";
import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { afterEach, expect, test } from "vitest";
import { EXPORT_SPANS_MAX, FrameTracer, QUEUED_SPANS_MAX } from "./frame-tracer.ts";
import { Metrics } from "./metrics.ts";
import { openTracing } from "./tracing.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const BEGAN_MS = 1_700_000_000_123;

function tracerOf(service: string, ratio = 1) {
  const exporter = new InMemorySpanExporter();
  // A shutdown would empty it before anybody could look.
  const spans: ReadableSpan[] = [];
  exporter.export = (batch, done) => {
    spans.push(...batch);
    done({ code: 0 });
  };
  return { tracer: new FrameTracer({ service, name: "p-1", race: "r", ratio, exporter }), spans };
}

test("hops of two processes hang below the one span of the frame, though nothing was carried between them", async () => {
  const ingest = tracerOf("ingest");
  const gateway = tracerOf("gateway");
  const frame = ingest.tracer.of("24", BEGAN_MS)!;
  ingest.tracer.frame(frame, { name: "frame", beganMs: BEGAN_MS, endedMs: BEGAN_MS + 40, attributes: { car: "24" } });
  gateway.tracer.hop(gateway.tracer.of("24", BEGAN_MS)!, { name: "show", beganMs: BEGAN_MS, endedMs: BEGAN_MS + 9 });
  await Promise.all([ingest.tracer.close(), gateway.tracer.close()]);
  const [root] = ingest.spans;
  const [shown] = gateway.spans;
  expect(root!.parentSpanContext).toBeUndefined();
  expect(shown!.spanContext().traceId).toBe(root!.spanContext().traceId);
  expect(shown!.parentSpanContext?.spanId).toBe(root!.spanContext().spanId);
  expect(shown!.spanContext().spanId).not.toBe(root!.spanContext().spanId);
  expect(root!.startTime).toEqual([1_700_000_000, 123_000_000]);
  expect(root!.duration).toEqual([0, 40_000_000]);
  expect(root!.attributes).toEqual({ car: "24" });
  expect(shown!.resource.attributes["service.name"]).toBe("burnline-gateway");
});

test("a hop that ends before it began, by another machine's clock, took no time", async () => {
  const { tracer, spans } = tracerOf("processor");
  tracer.hop(tracer.of("1", 5)!, { name: "read", beganMs: BEGAN_MS, endedMs: BEGAN_MS - 3 });
  await tracer.close();
  expect(spans[0]!.duration).toEqual([0, 0]);
});

test("a frame that is not drawn has no names, so nobody can tell anything of it", () => {
  const { tracer } = tracerOf("ingest", 0.01);
  const drawn = Array.from({ length: 1_000 }, (_, index) => tracer.of("1", index * 100)).filter(Boolean);
  expect(drawn.length).toBeGreaterThan(0);
  expect(drawn.length).toBeLessThan(40);
});

test("spans that nobody collects are dropped beyond the queue and the batch under way", async () => {
  const sent: number[] = [];
  const exporter = new InMemorySpanExporter();
  // Takes nothing until the first batch is answered, which it never is.
  exporter.export = (batch) => void sent.push(batch.length);
  const tracer = new FrameTracer({ service: "ingest", name: "p", race: "r", ratio: 1, exporter });
  const frame = tracer.of("1", 1)!;
  for (let count = 0; count < QUEUED_SPANS_MAX * 3; count++)
    tracer.hop(frame, { name: "append", beganMs: BEGAN_MS, endedMs: BEGAN_MS });
  await tracer.close();
  expect(sent.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(QUEUED_SPANS_MAX + EXPORT_SPANS_MAX);
});

/** A collector on this machine; answers with the status. */
async function collector(status: number): Promise<{ endpoint: string; bodies: string[]; paths: string[] }> {
  const bodies: string[] = [];
  const paths: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      bodies.push(body);
      paths.push(request.url ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as { port: number };
  return { endpoint: `http://127.0.0.1:${address.port}`, bodies, paths };
}

function contextOf(warnings: string[] = []) {
  const metrics = new Metrics(["ingest"]);
  const logger = { warn: (_fields: object, message: string) => void warnings.push(message) };
  return { service: "ingest", name: "ingest-1", race: "r", metrics, logger };
}

test("a collector gets the frame by OTLP over HTTP", async () => {
  const { endpoint, bodies, paths } = await collector(200);
  const context = contextOf();
  const opened = await openTracing({ tracingEndpoint: `${endpoint}/`, tracingRatio: 1 }, context);
  const frame = opened!.tracing.of("24", 100)!;
  opened!.tracing.frame(frame, { name: "frame", beganMs: BEGAN_MS, endedMs: BEGAN_MS + 5 });
  await opened!.part.stop();
  expect(paths).toEqual(["/v1/traces"]);
  const [{ scopeSpans }] = JSON.parse(bodies[0]!).resourceSpans;
  expect(scopeSpans[0].spans[0]).toMatchObject({ name: "frame", traceId: frame.traceId, spanId: frame.rootSpanId });
  expect(await context.metrics.render()).toContain('ingest_trace_spans_total{outcome="sent"} 1');
});

test("a collector that refuses is said once, and its spans are counted as lost", async () => {
  const { endpoint } = await collector(400);
  const warnings: string[] = [];
  const context = contextOf(warnings);
  const opened = await openTracing({ tracingEndpoint: endpoint, tracingRatio: 1 }, context);
  opened!.tracing.hop(opened!.tracing.of("24", 100)!, { name: "a", beganMs: BEGAN_MS, endedMs: BEGAN_MS });
  await opened!.part.stop();
  expect(warnings).toEqual(["the collector does not take traces: look at --tracing-endpoint"]);
  expect(await context.metrics.render()).toContain('ingest_trace_spans_total{outcome="lost"} 1');
});

test("without a ratio nothing is opened; a ratio without an endpoint is refused with the setting to give", async () => {
  expect(await openTracing({ tracingEndpoint: "http://127.0.0.1:1", tracingRatio: 0 }, contextOf())).toBeUndefined();
  await expect(openTracing({ tracingRatio: 0.1 }, contextOf())).rejects.toThrow("give --tracing-endpoint as well");
});
