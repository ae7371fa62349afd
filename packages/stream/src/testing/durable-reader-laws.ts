import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import type { LogRecord } from "../ports.ts";
import type { EventLogFixture } from "./event-log-fixture.ts";
import { append, textOf } from "./log-records.ts";

/** At least once on behalf of a name: what was not acknowledged comes again, what was does not. */
export function durableReaderLaws(fixture: () => EventLogFixture): void {
  const fill = (texts: readonly string[]) =>
    fixture().log.append(texts.map((text) => append(0, text.startsWith("-") ? "other" : "fact.window.24", text)));
  const texts = (records: readonly LogRecord[]) => records.map(textOf);

  test("a new group starts at the log's first record and sees its subjects only", async () => {
    await fill(["a", "-", "b"]);
    const reader = await fixture().log.openDurable("inference", "fact.window.");
    expect(texts(await reader.next(10, 0))).toEqual(["a", "b"]);
    await reader.close();
  });

  test("acknowledgements survive reopening, the rest comes again", async () => {
    await fill(["a", "b", "c"]);
    const reader = await fixture().log.openDurable("inference", "fact.");
    const records = await reader.next(10, 0);
    await reader.acknowledge(records.slice(0, 1));
    const again = await (await fixture().reopen()).openDurable("inference", "fact.");
    expect(texts(await again.next(10, 0))).toEqual(["b", "c"]);
  });

  test("acknowledgements out of order are kept one by one", async () => {
    await fill(["a", "b", "-", "c", "d"]);
    const reader = await fixture().log.openDurable("inference", "fact.");
    const records = await reader.next(10, 0);
    await reader.acknowledge([records[1]!, records[3]!]);
    const log = await fixture().reopen();
    const again = await log.openDurable("inference", "fact.");
    const left = await again.next(10, 0);
    expect(texts(left)).toEqual(["a", "c"]);
    await again.acknowledge(left);
    await log.append([append(0, "fact.x", "e")]);
    expect(texts(await again.next(10, 0))).toEqual(["e"]);
  });

  test("what is in flight is not delivered twice, and a closed reader gives it back", async () => {
    await fill(["a", "b"]);
    const first = await fixture().log.openDurable("inference", "fact.");
    const second = await fixture().log.openDurable("inference", "fact.");
    const held = await first.next(1, 0);
    expect(texts(held)).toEqual(["a"]);
    expect(texts(await second.next(10, 0))).toEqual(["b"]);
    expect(await second.next(10, 0)).toEqual([]);
    const waiting = second.next(10, 5_000);
    await first.close();
    expect(texts(await waiting)).toEqual(["a"]);
    await second.close();
  });

  test("groups of different names do not disturb each other", async () => {
    await fill(["a"]);
    const one = await fixture().log.openDurable("one", "fact.");
    const two = await fixture().log.openDurable("two", "fact.");
    await one.acknowledge(await one.next(10, 0));
    expect(texts(await two.next(10, 0))).toEqual(["a"]);
    expect(await one.next(10, 0)).toEqual([]);
  });

  test("a waiting durable reader is woken by the append", async () => {
    const reader = await fixture().log.openDurable("inference", "fact.");
    const startMs = performance.now();
    const waiting = reader.next(10, 5_000);
    await fill(["-", "a"]);
    expect(texts(await waiting)).toEqual(["a"]);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    const idle = reader.next(10, 5_000);
    await reader.close();
    expect(await idle).toEqual([]);
  });

  test("acknowledging twice, or nothing, is harmless", async () => {
    await fill(["a", "b"]);
    const reader = await fixture().log.openDurable("inference", "fact.");
    const records = await reader.next(10, 0);
    await reader.acknowledge([]);
    await reader.acknowledge(records);
    await reader.acknowledge(records);
    expect(await reader.next(10, 0)).toEqual([]);
    await fill(["c"]);
    expect(texts(await reader.next(10, 0))).toEqual(["c"]);
  });
}
