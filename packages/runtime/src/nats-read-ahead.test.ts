import { LogGapError, type LogRecord } from "@burnline/stream";
import { expect, test } from "vitest";
import { ReadAhead } from "./nats-read-ahead.ts";

const record = (position: number): LogRecord => ({
  ...{ position, partition: 0, subject: "a", appendedAtMs: 1 },
  payload: new Uint8Array(10),
});
const positionsOf = (records: readonly LogRecord[]) => records.map(({ position }) => position);

test("a gap is told once, behind what was fetched before it and in front of what comes behind it", () => {
  const ahead = new ReadAhead();
  for (const position of [1, 2, 3]) ahead.push(record(position));
  ahead.pushGap(new LogGapError(4, 8));
  ahead.push(record(8));
  expect(positionsOf(ahead.take(2))).toEqual([1, 2]);
  expect(positionsOf(ahead.take(2))).toEqual([3]);
  expect(() => ahead.take(2)).toThrow(new LogGapError(4, 8));
  expect(positionsOf(ahead.take(2))).toEqual([8]);
  expect([ahead.isEmpty, ahead.bytes, ahead.take(2)]).toEqual([true, 0, []]);
});

test("a gap that is found late is told in its place, or next when that was read", () => {
  const late = new ReadAhead();
  for (const position of [1, 2, 8, 9]) late.push(record(position));
  late.pushGap(new LogGapError(3, 8));
  expect(positionsOf(late.take(5))).toEqual([1, 2]);
  expect(() => late.take(5)).toThrow(new LogGapError(3, 8));
  expect(positionsOf(late.take(1))).toEqual([8]);
  late.pushGap(new LogGapError(3, 7));
  expect(() => late.take(5)).toThrow(new LogGapError(3, 7));
  expect(positionsOf(late.take(5))).toEqual([9]);
});

test("two gaps before the first was told are one, from the first that is missing to the first that is there", () => {
  const ahead = new ReadAhead();
  ahead.pushGap(new LogGapError(1, 4));
  ahead.push(record(5));
  ahead.pushGap(new LogGapError(6, 9));
  expect(ahead.isEmpty).toBe(false);
  expect(() => ahead.take(1)).toThrow(new LogGapError(1, 9));
  expect(positionsOf(ahead.take(5))).toEqual([5]);
});
