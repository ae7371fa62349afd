import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import type { EventLogFixture } from "./event-log-fixture.ts";
import { append, textOf } from "./log-records.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a reader that waits at the end of the log may count on. */
export function waitingReaderLaws(fixture: () => EventLogFixture): void {
  test("a waiting reader is woken by the append, not by a poll", async () => {
    const { log, wakeUpMsMax } = fixture();
    const reader = await log.open({ after: 0, partition: 3 });
    const latenciesMs: number[] = [];
    for (let round = 0; round < 9; round++) {
      const woken = reader.next(10, 5_000).then((records) => ({ records, atMs: performance.now() }));
      await pause(10);
      const appendedAtMs = performance.now();
      await log.append([append(3, "a", `${round}`)]);
      const { records, atMs } = await woken;
      expect(records.map(textOf)).toEqual([`${round}`]);
      latenciesMs.push(atMs - appendedAtMs);
    }
    await reader.close();
    const median = latenciesMs.toSorted((a, b) => a - b)[4]!;
    expect(median).toBeLessThan(wakeUpMsMax);
  });

  test("a reader that waits for something else sleeps on until its time is up", async () => {
    const { log } = fixture();
    const reader = await log.open({ after: 0, partition: 3, subjectPrefix: "wanted." });
    const startMs = performance.now();
    const waiting = reader.next(10, 60);
    await log.append([append(4, "wanted.x", "another partition"), append(3, "other", "another subject")]);
    expect(await waiting).toEqual([]);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(50);
    await reader.close();
  });

  test("64 readers that wait at once each get exactly their partition", async () => {
    const { log } = fixture();
    const readers = await Promise.all(Array.from({ length: 64 }, (_, partition) => log.open({ after: 0, partition })));
    const waiting = readers.map((reader) => reader.next(10, 5_000));
    await log.append(Array.from({ length: 64 }, (_, partition) => append(partition, "ctl", `to ${partition}`)));
    const got = await Promise.all(waiting);
    expect(got.map((records) => records.map(textOf).join())).toEqual(
      Array.from({ length: 64 }, (_, partition) => `to ${partition}`),
    );
    await Promise.all(readers.map((reader) => reader.close()));
  });

  test("closing ends a waiting call with nothing, and every later call", async () => {
    const { log } = fixture();
    const reader = await log.open({ after: 0 });
    const waiting = reader.next(10, 5_000);
    await reader.close();
    expect(await waiting).toEqual([]);
    await log.append([append(0, "a", "x")]);
    expect(await reader.next(10, 0)).toEqual([]);
    await reader.close();
  });

  test("nothing is missed or doubled while appends and reads go on side by side", async () => {
    const { log } = fixture();
    const reader = await log.open({ after: 0, partition: 0 });
    const got: string[] = [];
    const reading = (async () => {
      while (got.length < 300) got.push(...(await reader.next(7, 5_000)).map(textOf));
    })();
    for (let index = 0; index < 300; index++) {
      const appended = log.append([append(0, "a", `${index}`), append(1, "a", "x")]);
      if (index % 3 === 0) await appended;
      if (index % 50 === 0) await pause(1);
    }
    await reading;
    expect(got).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`));
    await reader.close();
  });
}
