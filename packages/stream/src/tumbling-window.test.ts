import fc from "fast-check";
import { expect, test } from "vitest";
import { type OpenWindow, TumblingWindower } from "./tumbling-window.ts";

interface Sum {
  count: number;
  sum: number;
}
interface Input {
  values: number[];
}

const aggregator = {
  create: (): Sum => ({ count: 0, sum: 0 }),
  add(acc: Sum, input: Input, from: number, to: number): void {
    for (let index = from; index < to; index++) {
      acc.count++;
      acc.sum += input.values[index] ?? 0;
    }
  },
};

const LATENESS_MS = 5_000;
const windower = () =>
  new TumblingWindower<Sum, Input>({ sizeMs: 1_000, allowedLatenessMs: LATENESS_MS, openWindowsMax: 16 }, aggregator);

const add = (w: TumblingWindower<Sum, Input>, windows: OpenWindow<Sum>[], times: number[], watermarkMs: number) =>
  w.add(windows, { values: times.map(() => 1) }, times, 0, times.length, watermarkMs);

test("each event is in exactly one window or reported late", () => {
  const batch = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 60 }), (batches) => {
      const w = windower();
      const windows: OpenWindow<Sum>[] = [];
      const last = new Map<number, number>();
      const emit = (window: OpenWindow<Sum>) => last.set(window.startMs, window.accumulator.count);
      let maxMs = -1;
      let late = 0;
      let offered = 0;
      for (const times of batches) {
        times.sort((a, b) => a - b);
        offered += times.length;
        late += add(w, windows, times, maxMs - 250);
        maxMs = Math.max(maxMs, times.at(-1) ?? 0);
        w.fire(windows, maxMs - 250, emit);
        w.correct(windows, false, emit);
        w.close(windows, maxMs - 250, emit);
      }
      w.correct(windows, true, emit);
      expect([...last.values()].reduce((sum, count) => sum + count, 0) + late).toBe(offered);
    }),
  );
});

test("a window fires when the watermark reaches its end, not before", () => {
  const w = windower();
  const windows: OpenWindow<Sum>[] = [];
  const fired: number[] = [];
  add(w, windows, [100, 999], -1);
  w.fire(windows, 999, (window) => fired.push(window.startMs));
  expect(fired).toEqual([]);
  w.fire(windows, 1_000, (window) => fired.push(window.startMs));
  expect(fired).toEqual([0]);
});

test("an event on the border belongs to the later window", () => {
  const w = windower();
  const windows: OpenWindow<Sum>[] = [];
  add(w, windows, [999, 1_000], -1);
  expect(windows.map(({ startMs, accumulator }) => [startMs, accumulator.count])).toEqual([
    [0, 1],
    [1_000, 1],
  ]);
});

test("late events are corrected once per tick with the next revision, then closed for good", () => {
  const w = windower();
  const windows: OpenWindow<Sum>[] = [];
  const revisions: [number, number][] = [];
  const emit = (window: OpenWindow<Sum>) => revisions.push([window.revision, window.accumulator.count]);
  add(w, windows, [500], -1);
  w.fire(windows, 1_200, emit);
  add(w, windows, [600], 1_200);
  add(w, windows, [700], 1_200);
  w.correct(windows, false, emit);
  w.correct(windows, false, emit);
  expect(revisions).toEqual([
    [0, 1],
    [1, 3],
  ]);
  w.close(windows, 1_000 + LATENESS_MS, emit);
  expect(windows).toEqual([]);
  expect(add(w, windows, [800], 1_000 + LATENESS_MS)).toBe(1);
  expect(revisions).toHaveLength(2);
});

test("a correction that is due when its window closes is still emitted", () => {
  const w = windower();
  const windows: OpenWindow<Sum>[] = [];
  const counts: number[] = [];
  add(w, windows, [500], -1);
  w.fire(windows, 1_000, () => undefined);
  add(w, windows, [600], 1_000);
  w.close(windows, 6_000, (window) => counts.push(window.accumulator.count));
  expect(counts).toEqual([2]);
});

test("the cap on open windows makes the surplus late instead of losing it in silence", () => {
  const w = windower();
  const windows: OpenWindow<Sum>[] = [];
  const times = Array.from({ length: 20 }, (_, index) => index * 1_000);
  expect(add(w, windows, times, -1)).toBe(4);
  expect(windows).toHaveLength(16);
});

test("impossible options are refused with the numbers", () => {
  const make = (options: { sizeMs: number; allowedLatenessMs: number; openWindowsMax: number }) => () =>
    new TumblingWindower(options, aggregator);
  expect(make({ sizeMs: 0, allowedLatenessMs: 0, openWindowsMax: 4 })).toThrow(
    "sizeMs must be a whole number of at least 1, not 0",
  );
  expect(make({ sizeMs: 1_000, allowedLatenessMs: -1, openWindowsMax: 4 })).toThrow("not -1");
  expect(make({ sizeMs: 1_000, allowedLatenessMs: 5_000, openWindowsMax: 4 })).toThrow(
    "openWindowsMax 4 of 1000 ms cannot span the allowed lateness of 5000 ms",
  );
});

test("what accepts says and what add does agree at the border", () => {
  const w = windower();
  for (const watermarkMs of [5_999, 6_000, 6_001]) {
    const taken = add(w, [], [999], watermarkMs) === 0;
    expect(w.accepts(999, watermarkMs)).toBe(taken);
    expect(w.closedThroughMs(watermarkMs) > 999).toBe(!taken);
  }
});
