import { fromBinary, MlCorrectionSchema } from "@burnline/contract";
import { connectNats, createLogger, Metrics, openFactLog, openRaceLog, wallClock } from "@burnline/runtime";
import { type RealServer, startNatsServer } from "@burnline/runtime/testing";
import type { EventLog } from "@burnline/stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createInference } from "./inference.ts";
import { definition, FakeModel, RACE, windowFact } from "./testing/windows.ts";

const WINDOWS = 20;
/** In place of the 10 s after which a window that nobody acknowledged is given away again. */
const ACK_NS = 500e6;
const LIMITS = { replicas: 1, maxBytes: 64 * 1024 ** 2, maxAgeMs: 3_600_000 };

let server: RealServer;

beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

/** A model that answers once it is let go. */
class HeldModel extends FakeModel {
  readonly #held = Promise.withResolvers<void>();

  letGo(): void {
    this.#held.resolve();
  }

  override async predict(features: Float32Array, count: number): Promise<Float32Array> {
    const answers = await super.predict(features, count);
    await this.#held.promise;
    return answers;
  }
}

/** One inference with a connection of its own, like a pod. */
async function openPod(model: FakeModel) {
  const logger = createLogger({ service: "test", level: "silent", format: "json" });
  const registry = new Metrics(["inference"]);
  const metrics = { registry, service: "inference" };
  const link = await connectNats({ servers: [server.url], name: "pod", metrics });
  const raceLog = await openRaceLog(link, RACE, LIMITS, logger);
  const factLog = await openFactLog(link, RACE, LIMITS, logger);
  const inference = createInference({ factLog, raceLog, race: RACE, model, clock: wallClock, logger });
  const count = async (series: string) => {
    const line = (await registry.render()).split("\n").find((text) => text.startsWith(`${series} `));
    return Number(line?.slice(series.length));
  };
  return { link, raceLog, factLog, inference, count };
}

async function answers(raceLog: EventLog): Promise<string[]> {
  const reader = await raceLog.open({ subjectPrefix: `race.${RACE}.`, after: 0 });
  const records = await reader.next(1_000, 0);
  await reader.close();
  return records
    .filter(({ subject }) => subject.includes(".ml."))
    .map(({ payload }) => fromBinary(MlCorrectionSchema, payload))
    .map(({ car, windowStartMs, windowRevision }) => `${car}:${windowStartMs}:${windowRevision}`);
}

test("windows that a slow inference did not acknowledge in time are answered by another, and once, also when the slow one gets there", async () => {
  const slowModel = new HeldModel();
  const slow = await openPod(slowModel);
  const other = await openPod(new FakeModel());
  await slow.raceLog.append([definition("nextgen")]);
  // The fact log has one partition.
  const facts = Array.from({ length: WINDOWS }, (_, at) => ({ ...windowFact({ startMs: at * 1_000 }), partition: 0 }));
  await slow.factLog.append(facts);
  await slow.inference.start();
  await slow.link.manager.consumers.update(`FACT-${RACE}`, "inference", { ack_wait: ACK_NS });
  await expect.poll(() => slowModel.batches.length, { timeout: 5_000 }).toBe(1);

  await other.inference.start();
  const answered = () => other.inference.stats().windows.corrected ?? 0;
  await expect.poll(answered, { timeout: 20_000 }).toBeGreaterThanOrEqual(WINDOWS);
  const givenAgain = `inference_nats_redelivered_records_total{stream="FACT-${RACE}"}`;
  expect(await other.count(givenAgain)).toBeGreaterThanOrEqual(WINDOWS);

  slowModel.letGo();
  await expect.poll(() => slow.inference.stats().windows.corrected, { timeout: 5_000 }).toBe(WINDOWS);
  for (const pod of [slow, other]) await pod.inference.stop();
  expect(await answers(slow.raceLog)).toEqual(facts.map(({ messageId }) => messageId!.replace("window:", "")));
  expect(await slow.count(`inference_nats_append_duplicates_total{stream="RACE-${RACE}"}`)).toBe(WINDOWS);
  for (const { link } of [slow, other]) await link.close();
});
