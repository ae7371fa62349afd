import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  freePort,
  type RealServer,
  startNatsServer,
  startRedisServer,
} from "../../packages/runtime/src/testing/index.ts";
import { Member } from "./member.ts";

const RACE = "traced";
const WAIT = { timeout: 40_000, interval: 100 };
const STOP_MS_MAX = 8_000;
/** What can be told of a frame that leads to a fact, by the process that tells it. */
const HOPS = {
  "burnline-ingest": ["frame", "append to the log"],
  "burnline-processor": ["read from the log", "commit"],
  "burnline-gateway": ["show to the clients"],
};

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

type Told = OtlpSpan & { service: string };

const traces = new Map<string, Told[]>();
const members: Member[] = [];
let servers: RealServer[];

const collector = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (part: string) => {
    body += part;
  });
  request.on("end", () => {
    for (const { resource, scopeSpans } of (JSON.parse(body) as OtlpBody).resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
      for (const span of scopeSpans.flatMap(({ spans }) => spans))
        traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), { ...span, service }]);
    }
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
});

beforeAll(async () => {
  const [nats, redis] = await Promise.all([startNatsServer(), startRedisServer()]);
  servers = [nats, redis];
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  for (const app of ["gateway", "processor", "ingest"]) {
    const port = await freePort();
    const script = fileURLToPath(new URL(`../../apps/${app}/src/main.ts`, import.meta.url));
    const args = [
      ...["--disable-warning=ExperimentalWarning", script, "--race", RACE, "--port", `${port}`, "--stream-gb", "0.5"],
      ...["--nats", nats.url, "--tracing-endpoint", endpoint, "--tracing-ratio", "0.2"],
      ...(app === "processor" ? ["--redis", `${redis.url}/0`] : []),
      ...(app === "ingest" ? ["--source", "sim", "--cars", "4", "--rate", "30"] : []),
    ];
    const plan = { name: app, command: process.execPath, args, port, readiness: "http" } as const;
    const member = new Member(
      plan,
      () => {},
      () => {},
    );
    members.push(member);
    await member.ready();
  }
});

afterAll(async () => {
  for (const member of members) member.kill();
  collector.closeAllConnections();
  collector.close();
  await Promise.all(servers.map((server) => server.stop()));
});

/** A frame of which every process has told its hops. */
function wholeTrace(): Told[] | undefined {
  return [...traces.values()].find((spans) =>
    Object.entries(HOPS).every(([service, names]) =>
      names.every((name) => spans.some((span) => span.service === service && span.name === name)),
    ),
  );
}

test("a frame can be followed from the track through three processes to the clients, and nothing was carried", async () => {
  await vi.waitFor(() => expect(wholeTrace()).toBeDefined(), WAIT);
  const spans = wholeTrace()!;
  const root = spans.find(({ name }) => name === "frame")!;
  expect(root.parentSpanId ?? "").toBe("");
  for (const span of spans.filter(({ name }) => name !== "frame")) expect(span.parentSpanId).toBe(root.spanId);
  const ms = (nano: string) => Number(BigInt(nano) / 1_000_000n);
  const shown = spans.find(({ name }) => name === "show to the clients")!;
  const tookMs = ms(shown.endTimeUnixNano) - ms(root.startTimeUnixNano);
  expect(tookMs).toBeGreaterThan(0);
  expect(tookMs).toBeLessThan(5_000);
}, 60_000);

test("the gateway's latency leads to traces by its exemplars", async () => {
  const gateway = members[0]!;
  const headers = { accept: "application/openmetrics-text; version=1.0.0" };
  await vi.waitFor(async () => {
    const text = await (await fetch(`http://127.0.0.1:${gateway.plan.port}/metrics`, { headers })).text();
    const [, traceId = ""] = /kind="live"\} \d+ # \{[^}]*trace_id="([0-9a-f]{32})"/.exec(text) ?? [];
    expect([...traces.keys()]).toContain(traceId);
  }, WAIT);
}, 60_000);

test("a process that is told to stop sends what waits and ends as without traces", async () => {
  for (const member of members.toReversed()) {
    expect(await member.stop(STOP_MS_MAX)).toBe(true);
    expect(member.ending).toBe("code 0");
  }
}, 60_000);
