import { afterEach, expect, test } from "vitest";
import { REST_REQUESTS_MAX } from "./limits.ts";
import { type Harness, startHarness } from "./testing/gateway-harness.ts";
import { raceFact } from "./testing/race-inputs.ts";

const PROXY = "10.1.2.3";

let harness: Harness;

async function start(trustedProxies: readonly string[] = []): Promise<void> {
  harness = await startHarness({ trustedProxies });
  await harness.append(raceFact(["4"]));
}

afterEach(() => harness.stop());

interface From {
  readonly address: string;
  /** What a proxy says. */
  readonly forwarded?: string;
}

const get = (url: string, { address, forwarded }: From) =>
  harness.server.app.inject({
    ...{ url, remoteAddress: address },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  });

async function useUp(from: From): Promise<void> {
  for (let request = 0; request < REST_REQUESTS_MAX; request++)
    expect((await get("/api/v1/race", from)).statusCode).toBe(200);
}

test("an address that asks too often is told to wait, and no other one notices", async () => {
  await start();
  await useUp({ address: "192.0.2.1" });
  const refused = await get("/api/v1/cars", { address: "192.0.2.1" });
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toEqual({ code: "too-many-requests", message: expect.stringMatching(/600 requests in 10 s/) });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect(await harness.metric("gateway_requests_limited_total")).toBe(1);
  expect((await get("/api/v1/cars", { address: "192.0.2.2" })).statusCode).toBe(200);
});

test("what is no race data is not limited: probes, metrics, the description", async () => {
  await start();
  const from = { address: "192.0.2.1" };
  await useUp(from);
  for (const url of ["/healthz/ready", "/metrics", "/scale", "/api/v1/openapi.json"])
    expect((await get(url, from)).statusCode, url).toBe(200);
});

test("nobody gets a new limit by a header of his own", async () => {
  await start();
  await useUp({ address: "192.0.2.1", forwarded: "198.51.100.1" });
  expect((await get("/api/v1/race", { address: "192.0.2.1", forwarded: "198.51.100.2" })).statusCode).toBe(429);
});

test("behind a proxy that is trusted each address has its own limit, whatever it writes in front", async () => {
  await start(["10.0.0.0/8"]);
  await useUp({ address: PROXY, forwarded: "203.0.113.9, 198.51.100.1" });
  const again = { address: PROXY, forwarded: "203.0.113.10, 198.51.100.1" };
  expect((await get("/api/v1/race", again)).statusCode).toBe(429);
  expect((await get("/api/v1/race", { address: PROXY, forwarded: "198.51.100.2" })).statusCode).toBe(200);
});
