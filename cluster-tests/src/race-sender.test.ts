import { setTimeout as sleep } from "node:timers/promises";
import { RaceGenerator } from "@burnline/chaos";
import { expect, test } from "vitest";
import { type PushAnswer, PushAway } from "./push-client.ts";
import { RaceSender } from "./race-sender.ts";

const START_MS = 1_764_000_000_000;
const SENT_MS = 2_000;
const OPTIONS = { ...{ race: "r", cars: 3, seed: 5 }, ...{ startMs: START_MS, endMs: START_MS + 60_000 } };

/** An ingest that does with each push what it is told. */
class ScriptedIngest {
  readonly taken: string[] = [];
  calls = 0;
  readonly #answer: (call: number) => PushAnswer | Error;

  constructor(answer: (call: number) => PushAnswer | Error) {
    this.#answer = answer;
  }

  async push(path: "frames" | "events", body: Uint8Array): Promise<PushAnswer> {
    const answer = this.#answer(++this.calls);
    if (answer instanceof Error) throw answer;
    this.taken.push(`${path} ${Buffer.from(body).toString("base64")}`);
    return answer;
  }
}

/** Two seconds of a race, sent in no time. */
async function sendAll(ingest: ScriptedIngest): Promise<RaceSender> {
  const generator = new RaceGenerator(OPTIONS);
  const sender = new RaceSender(ingest, generator, () => START_MS + SENT_MS);
  await sender.start();
  while (generator.sentUntilMs < START_MS + SENT_MS) await sleep(1);
  await sender.stop();
  return sender;
}

const ALL_WELL = { accepted: 1, rejected: {} };

test("what nobody took is sent again, and the order stays", async () => {
  const wanted = new ScriptedIngest(() => ALL_WELL);
  await sendAll(wanted);
  const flaky = new ScriptedIngest((call) => (call % 3 === 0 ? new PushAway("503") : ALL_WELL));
  const sender = await sendAll(flaky);
  expect(sender.repeats).toBeGreaterThan(0);
  expect(flaky.taken).toEqual(wanted.taken);
});

test("what the ingest refuses for good ends the race with the reason", async () => {
  const ingest = new ScriptedIngest((call) =>
    call === 5 ? { accepted: 0, rejected: { "bad-event-time": 1 } } : ALL_WELL,
  );
  await expect(sendAll(ingest)).rejects.toThrow('{"bad-event-time":1}');
});

test("what is there already because its answer was lost does no harm", async () => {
  const ingest = new ScriptedIngest(() => ({ accepted: 0, rejected: { "duplicate-frame": 1 } }));
  await expect(sendAll(ingest)).resolves.toBeInstanceOf(RaceSender);
});
