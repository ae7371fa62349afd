import { createHash } from "node:crypto";
import { RaceTopology } from "@burnline/processor";
import { assert } from "@burnline/std";
import type { LogRecord, OutboxRecord, StateStore } from "@burnline/stream";
import type { FactAudit } from "./fact-audit.ts";
import { oracleTotals } from "./oracle.ts";

/**
 * I5, I6, I7: one operator per partition over the whole log, without a cut, has to end in the same bytes.
 * @returns SHA-256 of the final state of all partitions, first 16 digits.
 */
export async function checkUninterrupted(
  race: string,
  partitions: readonly number[],
  records: readonly LogRecord[],
  state: StateStore,
  sent: ReadonlyMap<string, string>,
): Promise<string> {
  const hash = createHash("sha256");
  const outputs = new Map<string, string>();
  const output = {
    emit: ({ id, payload }: OutboxRecord) => outputs.set(id, Buffer.from(payload).toString("base64")),
    live: () => undefined,
  };
  for (const partition of partitions) {
    const operator = new RaceTopology(race, partition);
    const own = records.filter((record) => record.partition === partition);
    for (const record of own) operator.process(record, output);
    const fault = operator.invariantFault();
    assert(fault === undefined, `I3/I4: uninterrupted, partition ${partition}: ${fault}`);
    const expected = operator.takeChanges();
    const lease = await state.acquire(partition, "inspector", 1_000);
    assert(lease !== undefined, `partition ${partition} was not given back`);
    const stored = await state.load(lease);
    assert(
      stored !== undefined && stored.position === (own.at(-1)?.position ?? 0),
      `I7: partition ${partition} is not at its end`,
    );
    for (const [key, bytes] of expected) {
      const same = bytes !== null && Buffer.from(bytes).equals(stored.entries.get(key) ?? Buffer.alloc(0));
      assert(same, `I5: ${key} of partition ${partition} differs from the uninterrupted run`);
      hash.update(key).update(bytes ?? "");
    }
    assert(stored.entries.size === expected.size, `I5: partition ${partition} holds other keys`);
  }
  assert(outputs.size === sent.size, `${sent.size} outputs instead of ${outputs.size}`);
  for (const [id, bytes] of outputs) assert(sent.get(id) === bytes, `I6: ${id} differs from the uninterrupted run`);
  return hash.digest("hex").slice(0, 16);
}

/** I2, I3, I12: sums of windows and of ledgers against a plain loop over the log. */
export function checkTotals(
  race: string,
  records: readonly LogRecord[],
  audit: FactAudit,
): { duplicates: number; lateSamples: number } {
  const sums = audit.windowSums();
  let duplicates = 0;
  let lateSamples = 0;
  for (const [car, expected] of oracleTotals(race, records)) {
    const counted = sums.get(car) ?? { windows: 0, samples: 0, burnUg: 0 };
    assert(
      counted.samples + expected.lateSamples === expected.samples,
      `I2: car ${car} has ${counted.samples} samples in windows, ${expected.lateSamples} late, of ${expected.samples}`,
    );
    assert(
      counted.burnUg === expected.burnUg,
      `I2: the windows of car ${car} hold ${counted.burnUg} µg instead of ${expected.burnUg}`,
    );
    const strategyUg = audit.view.car(car)?.view.strategy?.racePhysicsUg;
    assert(
      strategyUg === undefined || strategyUg <= expected.burnUg,
      `I3: the ledger of car ${car} holds more than was burned`,
    );
    duplicates += expected.duplicateFrames;
    lateSamples += expected.lateSamples;
  }
  return { duplicates, lateSamples };
}
