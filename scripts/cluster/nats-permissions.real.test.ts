import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  freePort,
  type GuardedNats,
  type RealServer,
  startGuardedNats,
  startRedisServer,
} from "../../packages/runtime/src/testing/index.ts";
import { Member } from "./member.ts";

const RACE = "permitted";
const CARS = 8;
const APPS = ["inference", "gateway", "processor", "ingest"] as const;
const WAIT = { timeout: 40_000, interval: 100 };
const STOP_MS_MAX = 8_000;

let nats: GuardedNats;
let redis: RealServer;

beforeAll(async () => {
  const options = { race: RACE, streamOwner: "app" } as const;
  [nats, redis] = await Promise.all([startGuardedNats(options), startRedisServer()]);
});
afterAll(() => Promise.all([nats.stop(), redis.stop()]));

describe("under exactly its own permissions", () => {
  const lines: string[] = [];
  const members = new Map<string, Member>();

  async function start(app: (typeof APPS)[number]): Promise<Member> {
    const port = await freePort();
    const script = fileURLToPath(new URL(`../../apps/${app}/src/main.ts`, import.meta.url));
    const args = [
      ...["--disable-warning=ExperimentalWarning", script, "--race", RACE, "--port", `${port}`, "--stream-gb", "0.5"],
      ...["--nats", nats.url, "--nats-nkey", nats.seedFile(app)],
      ...(app === "processor" ? ["--redis", `${redis.url}/0`] : []),
      ...(app === "ingest" ? ["--source", "sim", "--cars", `${CARS}`, "--rate", "30"] : []),
    ];
    const plan = { name: app, command: process.execPath, args, port, readiness: "http" } as const;
    const member = new Member(
      plan,
      (name, line) => lines.push(`${name} ${line}`),
      () => {},
    );
    members.set(app, member);
    await member.ready();
    return member;
  }

  async function metric(app: (typeof APPS)[number], pattern: RegExp): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${members.get(app)?.plan.port}/metrics`)).text();
    return Number(pattern.exec(text)?.[1] ?? 0);
  }

  afterAll(() => {
    for (const member of members.values()) member.kill();
  });

  test("every app does its work: a race is shown, corrected and kept, and NATS refuses nothing", async () => {
    for (const app of APPS) await start(app);
    await vi.waitFor(async () => {
      const url = `http://127.0.0.1:${members.get("gateway")?.plan.port}/api/v1/cars`;
      const { cars } = (await (await fetch(url)).json()) as { cars: { live?: object }[] };
      expect(cars.filter(({ live }) => live !== undefined)).toHaveLength(CARS);
    }, WAIT);
    await vi.waitFor(async () => {
      expect(await metric("inference", /^inference_nats_appended_records_total\S* (\d+)$/m)).toBeGreaterThan(0);
      expect(await metric("processor", /^processor_snapshots_stored_total (\d+)$/m)).toBeGreaterThan(0);
      // On one machine with a simulated race every hop has something to say.
      expect(await metric("ingest", /^ingest_event_age_seconds_count (\d+)$/m)).toBeGreaterThan(0);
      expect(await metric("ingest", /^ingest_append_wait_seconds_count (\d+)$/m)).toBeGreaterThan(0);
      expect(await metric("processor", /^processor_read_age_seconds_count (\d+)$/m)).toBeGreaterThan(0);
      expect(await metric("processor", /^processor_relay_seconds_count (\d+)$/m)).toBeGreaterThan(0);
      expect(await metric("gateway", /^gateway_fact_age_seconds_count (\d+)$/m)).toBeGreaterThan(0);
      for (const kind of ["live", "window"]) {
        const seen = new RegExp(`^gateway_event_latency_seconds_count\\{kind="${kind}"\\} (\\d+)$`, "m");
        expect(await metric("gateway", seen)).toBeGreaterThan(0);
      }
      expect(await metric("processor", /^processor_unowned_partitions_count (\d+)$/m)).toBe(0);
    }, WAIT);
    for (const app of APPS.toReversed()) expect(await members.get(app)?.stop(STOP_MS_MAX), app).toBe(true);
    expect(lines.filter((line) => /refused|violation|does not let/i.test(line))).toEqual([]);
    expect([...members.values()].map((member) => member.ending)).toEqual(APPS.map(() => "code 0"));
  }, 120_000);
});
