import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventLog } from "../ports.ts";
import { appendModelLaw } from "./append-model-law.ts";
import { durableReaderLaws } from "./durable-reader-laws.ts";
import type { EventLogFixture } from "./event-log-fixture.ts";
import { append, drain, textOf } from "./log-records.ts";
import { waitingReaderLaws } from "./waiting-reader-laws.ts";

/** The laws of `EventLog` and its readers. */
export function eventLogSuite(name: string, open: () => Promise<EventLogFixture>): void {
  describe(`${name} as an event log`, () => {
    let fixture: EventLogFixture;
    let log: EventLog;

    beforeEach(async () => {
      fixture = await open();
      log = fixture.log;
    });
    afterEach(() => fixture.close());

    appendLaws(() => log);
    readLaws(() => log);
    lookupLaws(() => log);
    durableReaderLaws(() => fixture);
    waitingReaderLaws(() => fixture);
    retentionLaws(() => fixture);
    appendModelLaw(() => log);

    test("records, positions and ids survive reopening", async () => {
      const positions = await log.append([append(1, "a.b", "one", "id-1"), append(2, "a.c", "two")]);
      const before = await drain(log, { after: 0 });
      const again = await fixture.reopen();
      expect(await drain(again, { after: 0 })).toEqual(before);
      expect(await again.append([append(1, "a.b", "one", "id-1")])).toEqual([positions[0]]);
      const [next] = await again.append([append(1, "a.b", "three")]);
      expect(next).toBeGreaterThan(positions[1]!);
      expect((await drain(again, { after: 0, partition: 1 })).map(textOf)).toEqual(["one", "three"]);
    });
  });
}

function appendLaws(log: () => EventLog): void {
  test("an empty log says so", async () => {
    const { first, last } = await log().bounds();
    expect(first).toBe(last + 1);
    expect(await log().firstPosition(0)).toBe(last + 1);
    expect(await log().newest(0, "")).toBeUndefined();
    expect(await drain(log(), { after: 0 })).toEqual([]);
  });

  test("positions rise over the whole log, across calls and partitions", async () => {
    const positions: number[] = [];
    for (const partition of [3, 1, 2]) {
      positions.push(...(await log().append([append(partition, "a", "x"), append(0, "a", "y")])));
    }
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(new Set(positions).size).toBe(6);
    expect(positions[0]).toBeGreaterThanOrEqual(1);
  });

  test("an append of nothing stores nothing", async () => {
    expect(await log().append([])).toEqual([]);
    expect(await drain(log(), { after: 0 })).toEqual([]);
  });

  test("appends made without waiting for each other keep the order of the calls", async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => log().append([append(index % 4, "a", `${index}`)])));
    expect((await drain(log(), { after: 0 })).map(textOf)).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index}`),
    );
  });

  test("a known message id is acknowledged with its position and not stored again", async () => {
    const [first] = await log().append([append(1, "a", "first", "id")]);
    const [again, other] = await log().append([append(1, "a", "again", "id"), append(1, "a", "other", "id-2")]);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect((await drain(log(), { after: 0 })).map(textOf)).toEqual(["first", "other"]);
  });

  test("a message id twice in one call is stored once", async () => {
    const positions = await log().append([
      append(1, "a", "first", "id"),
      append(1, "a", "second", "id"),
      append(1, "a", "third"),
    ]);
    expect(positions[1]).toBe(positions[0]);
    expect((await drain(log(), { after: 0 })).map(textOf)).toEqual(["first", "third"]);
  });

  test("records without a message id are never taken for duplicates", async () => {
    await log().append([append(1, "a", "same"), append(1, "a", "same")]);
    expect((await drain(log(), { after: 0 })).map(textOf)).toEqual(["same", "same"]);
  });

  test("every byte of a payload comes back, also of an empty and of a large one", async () => {
    const large = Uint8Array.from({ length: 256 * 1024 }, (_, index) => index % 256);
    await log().append([
      { partition: 0, subject: "a", payload: new Uint8Array() },
      { partition: 0, subject: "a", payload: large },
    ]);
    const [empty, back] = await drain(log(), { after: 0 });
    expect(empty!.payload.byteLength).toBe(0);
    expect(Buffer.compare(back!.payload, large)).toBe(0);
  });
}

function readLaws(log: () => EventLog): void {
  test("a reader starts behind its position", async () => {
    const positions = await log().append(["one", "two", "three"].map((text) => append(0, "a", text)));
    expect((await drain(log(), { after: positions[1]! })).map(textOf)).toEqual(["three"]);
    expect(await drain(log(), { after: positions[2]! })).toEqual([]);
  });

  test("a partition's reader sees its partition in log order and nothing else", async () => {
    await log().append([append(5, "a", "one"), append(6, "a", "not"), append(5, "b", "two")]);
    expect((await drain(log(), { after: 0, partition: 5 })).map(textOf)).toEqual(["one", "two"]);
    expect(await drain(log(), { after: 0, partition: 63 })).toEqual([]);
  });

  test("a prefix is compared letter by letter, with no meaning in any sign", async () => {
    await log().append(["a_c", "abc", "a%c", "a%", "A%", "é.x"].map((subject) => append(0, subject, subject)));
    expect((await drain(log(), { after: 0, subjectPrefix: "a%" })).map(textOf)).toEqual(["a%c", "a%"]);
    expect((await drain(log(), { after: 0, subjectPrefix: "é." })).map(textOf)).toEqual(["é.x"]);
  });

  test("a call returns no more than it was asked for, and the next goes on from there", async () => {
    await log().append(Array.from({ length: 10 }, (_, index) => append(0, "a", `${index}`)));
    const reader = await log().open({ after: 0 });
    expect((await reader.next(4, 0)).map(textOf)).toEqual(["0", "1", "2", "3"]);
    expect((await reader.next(4, 0)).map(textOf)).toEqual(["4", "5", "6", "7"]);
    expect((await reader.next(4, 0)).map(textOf)).toEqual(["8", "9"]);
    expect(await reader.next(4, 0)).toEqual([]);
    await reader.close();
  });

  test("a rare subject is found far behind many others", async () => {
    const others = Array.from({ length: 9_000 }, () => append(0, "common", "x"));
    await log().append([...others, append(0, "rare", "found"), append(0, "common", "x")]);
    expect((await drain(log(), { after: 0, subjectPrefix: "rare" })).map(textOf)).toEqual(["found"]);
    expect((await drain(log(), { after: 0, partition: 0, subjectPrefix: "rare" })).map(textOf)).toEqual(["found"]);
  });

  test("a record says when the log took it", async () => {
    await log().append([append(0, "a", "x")]);
    await log().append([append(0, "a", "y")]);
    const [first, second] = await drain(log(), { after: 0 });
    expect(first!.appendedAtMs).toBeGreaterThan(0);
    expect(second!.appendedAtMs).toBeGreaterThanOrEqual(first!.appendedAtMs);
  });
}

function lookupLaws(log: () => EventLog): void {
  test("the newest record of a partition is found by prefix", async () => {
    await log().append([
      append(1, "race.tick", "early"),
      append(1, "race.tick", "late"),
      append(1, "race.tel.24", "telemetry"),
      append(2, "race.tick", "another partition"),
    ]);
    expect(textOf((await log().newest(1, "race.tick"))!)).toBe("late");
    expect(textOf((await log().newest(1, "race."))!)).toBe("telemetry");
    expect(await log().newest(1, "race.ctl")).toBeUndefined();
    expect(await log().newest(9, "race.")).toBeUndefined();
  });

  test("a position tells when its record was taken, as the record itself does, or nothing", async () => {
    const positions = await log().append([append(1, "a", "x"), append(2, "a", "y")]);
    for (const { position, appendedAtMs } of await drain(log(), { after: 0 }))
      expect(await log().appendedAtMs(position)).toBe(appendedAtMs);
    expect(await log().appendedAtMs(positions[1]! + 1)).toBeUndefined();
  });

  test("bounds span what is held", async () => {
    const positions = await log().append([append(1, "a", "x"), append(2, "a", "y")]);
    expect(await log().bounds()).toEqual({ first: positions[0], last: positions[1] });
    expect(await log().firstPosition(2)).toBe(positions[1]);
    expect(await log().firstPosition(3)).toBe(positions[1]! + 1);
  });
}

function retentionLaws(fixture: () => EventLogFixture): void {
  test("what was trimmed is gone and its absence shows", async () => {
    const { log, trim } = fixture();
    const positions = await log.append(["one", "two", "three"].map((text, index) => append(index % 2, "a", text)));
    await trim(log, positions[1]!);
    expect(await log.bounds()).toEqual({ first: positions[1], last: positions[2] });
    expect(await log.firstPosition(0)).toBe(positions[2]);
    expect((await drain(log, { after: 0 })).map(textOf)).toEqual(["two", "three"]);
    await trim(log, positions[2]! + 1);
    expect(await log.firstPosition(0)).toBe(positions[2]! + 1);
    expect(await log.newest(0, "")).toBeUndefined();
    expect(await drain(log, { after: 0, subjectPrefix: "a" })).toEqual([]);
  });

  test("a gapless reader is told once what is missing behind its position, then reads on; any other starts at what is held", async () => {
    const { log, trim } = fixture();
    const positions = await log.append(["one", "two", "three", "four"].map((text) => append(0, "a", text)));
    const reader = await log.open({ after: positions[0]!, partition: 0, isGapless: true });
    const behind = await log.open({ after: positions[2]!, partition: 0, isGapless: true });
    await reader.close();
    await trim(log, positions[3]!);
    const again = await log.open({ after: positions[0]!, partition: 0, isGapless: true });
    const gap = { name: "LogGapError", firstMissing: positions[1], firstPresent: positions[3] };
    await expect(again.next(10, 0)).rejects.toMatchObject(gap);
    expect((await again.next(10, 0)).map(textOf)).toEqual(["four"]);
    expect(await again.next(10, 0)).toEqual([]);
    expect((await behind.next(10, 0)).map(textOf)).toEqual(["four"]);
    expect((await drain(log, { after: positions[0]!, partition: 0 })).map(textOf)).toEqual(["four"]);
    await again.close();
    await behind.close();
  });

  test("a position is never given twice, also after everything was trimmed and the log reopened", async () => {
    const { log, trim, reopen } = fixture();
    const [last] = await log.append([append(0, "a", "x")]);
    await trim(log, last! + 1);
    const again = await reopen();
    expect(await again.bounds()).toEqual({ first: last! + 1, last });
    const [next] = await again.append([append(0, "a", "y")]);
    expect(next).toBeGreaterThan(last!);
  });
}
