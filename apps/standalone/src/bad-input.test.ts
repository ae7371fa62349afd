import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite, SqliteStateStore, wallClock } from "@burnline/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChainProcess } from "./testing/chain-process.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "burnline-bad-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Exit code and what was said, for a start that must fail. */
async function failedStart(flags: readonly string[]): Promise<{ code: number | null; said: string }> {
  const chain = new ChainProcess(flags);
  const code = await chain.exited;
  return { code, said: chain.lines.join("\n") };
}

describe("a start that cannot succeed says in a sentence what to do", () => {
  test("unknown flag", async () => {
    const { code, said } = await failedStart(["--prot", "1"]);
    expect(code).toBe(2);
    expect(said).toContain("There is no flag --prot: did you mean --port?");
  });

  test("a value out of range, with the key, where it came from and what is allowed", async () => {
    const { code, said } = await failedStart(["--cars", "41"]);
    expect(code).toBe(2);
    expect(said).toMatch(/^cars is 41 \(from the flag --cars\), but it must be a whole number from 1 to 40\.$/);
  });

  test("unknown source", async () => {
    const { code, said } = await failedStart(["--source", "telepathy"]);
    expect(code).toBe(1);
    expect(said).toContain("telepathy");
    expect(said).toContain("ibt:FILE");
  });

  test("a file that is not there, and one that is something else", async () => {
    expect((await failedStart(["--source", "ibt:/nowhere/x.ibt"])).said).toContain("/nowhere/x.ibt");
    const text = join(folder, "letter.ibt");
    writeFileSync(text, "Dear race engineer, this is not telemetry.");
    const { code, said } = await failedStart(["--source", `ibt:${text}`]);
    expect(code).toBe(1);
    expect(said).toMatch(/^letter\.ibt: [^\n]+$/);
  });

  test("a busy port", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    const { code, said } = await failedStart(["--port", String(port), "--data", join(folder, "busy")]);
    server.close();
    expect(code).toBe(1);
    expect(said).toContain(String(port));
    expect(said).toContain("--port");
    expect(said).not.toContain("    at ");
  });

  test("a file where the data folder should be", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    const { code, said } = await failedStart(["--data", path]);
    expect(code).toBe(1);
    expect(said.split("\n")).toHaveLength(1);
  });
});

test("a state that a newer version wrote is refused and left as it is", { timeout: 60_000 }, async () => {
  const data = join(folder, "newer");
  const flags = ["--cars", "2", "--seed", "1", "--data", data];
  const first = new ChainProcess(flags);
  await first.url();
  expect(await first.end("SIGTERM")).toBe(0);
  const [race = ""] = readdirSync(data);
  const asNewer = async (version?: number) => {
    const db = openSqlite(join(data, race));
    const store = new SqliteStateStore(db, wallClock);
    const lease = (await store.acquire(0, "newer version", 60_000))!;
    const { position, schemaVersion } = (await store.load(lease))!;
    const commit = { previousPosition: position, nextPosition: position + 1, changes: new Map(), outbox: [] };
    if (version !== undefined) await store.commit(lease, { ...commit, schemaVersion: version });
    await store.release(lease);
    db.close();
    return { position, schemaVersion };
  };
  await asNewer(99);
  const { code, said } = await failedStart(flags);
  expect(code).toBe(1);
  expect(
    said.match(/written by a newer Burnline \(state version 99, this one knows \d+\): .*--data or --fresh/g),
  ).toHaveLength(1);
  expect(said).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect((await asNewer()).schemaVersion).toBe(99);
});

test("a second instance on the same data folder is refused, the first goes on", { timeout: 60_000 }, async () => {
  const flags = ["--cars", "2", "--data", join(folder, "shared")];
  const first = new ChainProcess(flags);
  const url = await first.url();
  const { code, said } = await failedStart(flags);
  expect(code).toBe(1);
  expect(said).toMatch(/in use|already|another/i);
  expect((await fetch(`${url}/healthz/live`)).ok).toBe(true);
  expect(await first.end("SIGINT")).toBe(0);
});

test("hostile pushes are refused with a reason and change no other car", { timeout: 60_000 }, async () => {
  const chain = new ChainProcess(["--source", "push", "--data", join(folder, "push")]);
  const url = await chain.url();
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type = "application/json") =>
    fetch(`${url}/api/v1/ingest/${path}`, { method: "POST", body, headers: { "content-type": type } });
  const sound = {
    ...{ schemaVersion: 1, car: "24", sourceSequence: 0, eventTimeMs: Date.now(), sampleRateHz: 10 },
    ...{ offsetMs: [0], throttleBasisPoints: [5_000], rpmTenths: [70_000] },
  };
  const accepted = await post("frames", JSON.stringify(sound));
  expect(await accepted.json()).toEqual({ accepted: 1, rejected: {} });
  const outcomes = [
    [{ ...sound, car: "two words" }, "bad-car-id"],
    [{ ...sound, car: "x".repeat(10_000) }, "bad-car-id"],
    [{ ...sound, car: "a.b" }, "bad-car-id"],
    [{ ...sound, schemaVersion: 9 }, "unknown-schema-version"],
    [{ ...sound, eventTimeMs: Date.now() + 3_600_000 }, "future-time"],
    [{ ...sound, eventTimeMs: 1 }, "ancient-time"],
    [{ ...sound, throttleBasisPoints: [1, 2] }, "column-length"],
  ] as const;
  for (const [frame, reason] of outcomes) {
    const answer = await post("frames", JSON.stringify(frame));
    expect(await answer.json(), reason).toEqual({ accepted: 0, rejected: { [reason]: 1 } });
  }
  const huge = await post("frames", new Uint8Array(10 * 1024 * 1024), "application/x-protobuf");
  expect(huge.status).toBe(413);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('ingest_frames_rejected_total{reason="bad-car-id"} 3');
  const cars = (await (await fetch(`${url}/api/v1/cars`)).json()) as { cars: { car: string }[] };
  expect(cars.cars.map(({ car }) => car)).toEqual(["24"]);
  expect(await chain.end("SIGTERM")).toBe(0);
});
