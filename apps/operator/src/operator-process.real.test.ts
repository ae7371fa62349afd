import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FlagState } from "@burnline/contract";
import {
  connectNats,
  createLogger,
  Metrics,
  type NatsLink,
  natsKeys,
  natsOptions,
  openFactLog,
  openRaceLog,
} from "@burnline/runtime";
import {
  freePort,
  type GuardedNats,
  type RealServer,
  S3_KEYS,
  startGuardedNats,
  startS3Server,
} from "@burnline/runtime/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { FakeKube } from "./testing/fake-kube.ts";
import { RaceRecords } from "./testing/race-records.ts";

/*
 * The process as a pod runs it: `main.ts` with an nkey that may do no more than infra and the chart let it, a NATS and an S3
 * of its own, and an API server that keeps versions as a real one. The apps of the race are played with their own nkeys.
 */

const RACE = "daytona";
const NEXT_RACE = "talladega";
const BUCKET = "archive";
const MAIN = new URL("main.ts", import.meta.url).pathname;
const HOUR_MS = 3_600_000;
const WAIT = { timeout: 30_000, interval: 50 };
/** The apps' own limits say nothing where the operator makes the streams. */
const TAKING = { replicas: 3, maxAgeMs: 1, maxBytes: 1, owner: "operator", takeMsMax: 20_000 } as const;
const logger = createLogger({ service: "test", level: "silent", format: "json" });
const records = new RaceRecords(RACE);

let nats: GuardedNats;
let s3: RealServer;
let kube: FakeKube;
let operator: { readonly child: ChildProcess; readonly url: string };
let said = "";
const links: NatsLink[] = [];

beforeAll(async () => {
  nats = await startGuardedNats({ race: RACE, streamOwner: "operator" });
  s3 = await startS3Server();
  mkdirSync(join(s3.folder, "data", BUCKET), { recursive: true });
  kube = await FakeKube.start();
  operator = await startOperator();
});
afterAll(async () => {
  for (const link of links) await link.close();
  operator?.child.kill("SIGKILL");
  await Promise.all([nats?.stop(), s3?.stop(), kube?.stop()]);
});

async function startOperator() {
  const port = await freePort();
  const env = {
    ...{ BURNLINE_NATS: nats.url, BURNLINE_NATS_NKEY: nats.seedFile("operator"), BURNLINE_PORT: `${port}` },
    ...{ BURNLINE_S3_BUCKET: BUCKET, BURNLINE_S3_ENDPOINT: s3.url, BURNLINE_S3_ACCESS_KEY: S3_KEYS.accessKey },
    ...{ BURNLINE_S3_SECRET_KEY: S3_KEYS.secretKey, BURNLINE_NAME: "operator-0", BURNLINE_NAMESPACE: "burnline" },
    BURNLINE_STREAM_OWNER: "operator",
  };
  const child = spawn(process.execPath, [MAIN, "--kubeconfig", kube.kubeconfig], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said = `${said}${chunk}`.slice(-5_000);
    });
  return { child, url: `http://127.0.0.1:${port}` };
}

async function appOf(app: "ingest" | "processor" | "operator"): Promise<NatsLink> {
  const config = z.object(natsKeys).parse({ nats: nats.url, natsNkey: nats.seedFile(app) });
  const link = await connectNats(
    natsOptions(config, { name: app, logger }, { registry: new Metrics([app]), service: app }),
  );
  links.push(link);
  return link;
}

function putRace(startMs: number): void {
  const start = new Date(startMs).toISOString();
  const spec = { track: RACE, start, durationMinutes: 60, expectedCars: 2, sampleRateHz: 10, feed: "push" };
  kube.put("races", { kind: "Race", metadata: { name: RACE }, spec });
}

interface Shown {
  readonly phase: string;
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
}

const status = () => kube.get("races", RACE)?.status as Shown | undefined;
const shown = (type: string) => status()?.conditions.find((condition) => condition.type === type);
const seen = (check: () => void) =>
  vi.waitFor(() => {
    expect(operator.child.exitCode, said).toBeNull();
    check();
  }, WAIT);

test("a race from its streams to its archive, with the rights that infra gives, and a stop that leaves the lease", async () => {
  // Apps wait for streams; a release is installed before anybody can make a Race for it.
  const labels = { "burnline.dev/race": RACE, "app.kubernetes.io/component": "ingest" };
  kube.put("deployments", { metadata: { name: "burnline-ingest", labels }, spec: { replicas: 2 } });
  const raceLog = await openRaceLog(await appOf("ingest"), RACE, TAKING, logger);

  putRace(Date.now() + HOUR_MS / 2);
  await seen(() => expect(shown("StreamReady"), said).toMatchObject({ status: "True", reason: "StreamsMade" }));
  expect(status()?.phase).toBe("WarmingUp");
  expect((await fetch(`${operator.url}/healthz/ready`)).status).toBe(200);
  expect(await (await fetch(`${operator.url}/warm/${RACE}/processor`)).json()).toEqual({ replicas: 2 });

  await raceLog.append([...records.definition(), records.frame("24", 1), records.frame("9", 1)]);
  await seen(() => expect(shown("FeedSeen")).toMatchObject({ status: "True", reason: "FramesArrive" }));
  await raceLog.append(records.flag(FlagState.GREEN));
  await seen(() => expect(status()?.phase).toBe("Racing"));

  const factLog = await openFactLog(await appOf("processor"), RACE, TAKING, logger);
  await factLog.append([records.fact("24", "lap-1")]);
  // The day after: made anew, since an edit does not end a race that runs.
  kube.remove("races", RACE);
  await seen(() => expect(kube.all("races")).toEqual([]));
  putRace(Date.now() - 30 * HOUR_MS);
  await seen(() => expect(status()?.phase, said).toBe("Done"));
  expect(shown("Archived")).toMatchObject({ status: "True" });
  const folder = join(s3.folder, "data", BUCKET, "archive", "burnline", RACE);
  const objects = ["facts-00000.jsonl.gz", "manifest.json", "recording-00000.blrec.gz"];
  expect(
    existsSync(folder) &&
      readdirSync(folder)
        .filter((name) => !name.startsWith("."))
        .toSorted(),
  ).toEqual(objects);
  expect(kube.get("races", RACE)?.status).toMatchObject({ archive: { frames: 2, facts: 1, objects: 3 } });

  // The release moves on: the archived race gives its room to the next one, and its archive stays as it is.
  expect(shown("StreamsRemoved")).toMatchObject({ status: "False", reason: "InUse" });
  await raceLog.close();
  await factLog.close();
  const next = { "burnline.dev/race": NEXT_RACE, "app.kubernetes.io/component": "ingest" };
  kube.put("deployments", { metadata: { name: "burnline-ingest", labels: next }, spec: { replicas: 2 } });
  await seen(() => expect(shown("StreamsRemoved"), said).toMatchObject({ status: "True", reason: "Removed" }));
  const { manager } = await appOf("operator");
  const held = async () => (await manager.streams.names().next()).toSorted();
  await vi.waitFor(async () => expect(await held()).toHaveLength(4), WAIT);
  expect(await held()).toEqual(["FACT", "KV_SNAPSHOT", "OBJ_SNAPSHOT", "RACE"].map((name) => `${name}-${NEXT_RACE}`));
  expect(existsSync(join(folder, "facts-00000.jsonl.gz"))).toBe(true);

  operator.child.kill("SIGTERM");
  const [code] = await once(operator.child, "exit");
  expect(code, said).toBe(0);
  expect(said).not.toContain("NATS refused something");
  expect(kube.get("leases", "burnline-operator")?.spec).toMatchObject({ holderIdentity: "" });
});
