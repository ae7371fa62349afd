import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CAR_PROFILE_IDS } from "@burnline/fuel";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ChainProcess } from "./testing/chain-process.ts";

// docs/telemetry.md is followed here to the letter: what it shows is what is sent.
const PAGE = readFileSync(new URL("../../../docs/telemetry.md", import.meta.url), "utf8");
const [raceFile = "", eventsJson = "", fillsFile = ""] = blocks("json");
const [frameCall = ""] = blocks("sh");
const [csv = ""] = blocks("csv");

const LAP_S = 14;
const LAPS = 4;
const HZ = 10;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "burnline-own-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, text = ""]) => text);
}

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The body of the page's curl, with the time that its shell would put in. */
function documentedFrame(eventTimeMs: number): Record<string, unknown> {
  const body = /-d '(\{[\s\S]*\})'/.exec(frameCall)?.[1] ?? "";
  return JSON.parse(body.replace("'$(date +%s)000'", String(eventTimeMs))) as Record<string, unknown>;
}

/** Laps of a car that end now, one frame a second, with the columns of the page's frame. */
function stint(car: string, endMs: number): unknown[] {
  return Array.from({ length: LAP_S * LAPS }, (_, second) => {
    const samples = Array.from({ length: HZ }, (_, index) => second + index / HZ);
    return {
      ...documentedFrame(endMs - (LAP_S * LAPS - second) * 1_000),
      ...{ car, sourceSequence: second },
      offsetMs: samples.map((_, index) => index * (1_000 / HZ)),
      throttleBasisPoints: samples.map(() => 9_000),
      rpmTenths: samples.map(() => 85_000),
      speedMmPerS: samples.map(() => 1e6 / LAP_S).map(Math.round),
      lapPositionPpm: samples.map((atS) => Math.floor(((atS % LAP_S) / LAP_S) * 1e6)),
      lapNumber: samples.map((atS) => 1 + Math.floor(atS / LAP_S)),
    };
  });
}

interface CarAnswer {
  readonly entry: { readonly driver: string };
  readonly strategy?: { readonly lapsLeft?: { readonly p50?: number } };
}

async function lapsLeft(url: string, car: string): Promise<number | undefined> {
  const answer = await fetch(`${url}/api/v1/cars/${car}`);
  return answer.ok ? ((await answer.json()) as CarAnswer).strategy?.lapsLeft?.p50 : undefined;
}

describe("the page about own telemetry", () => {
  test("a pushed race has LAPS LEFT of the cars whose tank it was told, by race file or by fill", async () => {
    const flags = ["--source", "push", "--race-file", written("race.json", raceFile), "--data", join(folder, "push")];
    const chain = new ChainProcess(flags);
    const url = await chain.url();
    const post = async (path: string, body: unknown) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${url}/api/v1/ingest/${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return answer.json();
    };
    const nowMs = Date.now();
    const sent = (count: number) => ({ accepted: count, rejected: {} });
    for (const car of ["41", "7", "12"]) {
      expect(await post("frames", stint(car, nowMs))).toEqual(sent(LAP_S * LAPS));
    }
    const next = { ...documentedFrame(nowMs), sourceSequence: LAP_S * LAPS };
    expect(await post("frames", next)).toEqual(sent(1));
    await vi.waitFor(async () => expect(await lapsLeft(url, "41")).toBeGreaterThan(10), 20_000);
    expect(await lapsLeft(url, "12")).toBeUndefined();
    const events = JSON.parse(eventsJson.replaceAll(/\b\d{13}\b/g, String(Date.now()))) as unknown[];
    expect(await post("events", events)).toEqual(sent(events.length));
    for (const car of ["7", "12"]) {
      await vi.waitFor(async () => expect(await lapsLeft(url, car)).toBeGreaterThan(10), 20_000);
    }
    const race = (await (await fetch(`${url}/api/v1/race`)).json()) as { definition: { scheduledLaps: number } };
    expect(race.definition.scheduledLaps).toBe(100);
    expect(await chain.end("SIGTERM")).toBe(0);
  });

  test("a CSV with its columns, its flags and a fill has LAPS LEFT", async () => {
    const [header = "", ...rows] = csv.trim().split("\n");
    expect(rows.length).toBeGreaterThan(1);
    const long = Array.from({ length: LAP_S * LAPS * HZ }, (_, index) => {
      const atS = index / HZ;
      const values: Record<string, number> = {
        ...{ t_s: atS, throttle: 0.9, rpm: 8_500, speed_mps: 1_000 / LAP_S },
        ...{ lap: 1 + Math.floor(atS / LAP_S), lap_dist_pct: (atS % LAP_S) / LAP_S },
      };
      return header.split(",").map((name) => values[name] ?? 0);
    });
    const short = ["--source", `csv:${written("short.csv", csv)}`, "--data", join(folder, "short")];
    const file = written("lap.csv", [header, ...long].join("\n"));
    const [command = ""] = PAGE.match(/^npm start -- --source csv:.*$/m) ?? [];
    const flags = command
      .replace("csv:lap.csv", `csv:${file}`)
      .replace("fills.json", written("fills.json", fillsFile))
      .split(" ")
      .slice(3);
    for (const run of [short, [...flags, "--data", join(folder, "csv")]]) {
      const chain = new ChainProcess(run);
      const url = await chain.url();
      if (run !== short) await vi.waitFor(async () => expect(await lapsLeft(url, "1")).toBeGreaterThan(10), 20_000);
      expect(await chain.end("SIGTERM")).toBe(0);
    }
  });

  test("it names every car profile", () => {
    for (const profile of CAR_PROFILE_IDS) expect(PAGE).toContain(`\`${profile}\``);
  });
});
