import fc from "fast-check";
import { expect, test } from "vitest";
import { frameTrace } from "./frame-trace.ts";

const frames = fc.record({ car: fc.stringMatching(/^[A-Za-z0-9]{1,4}$/), newestMs: fc.nat(2_000_000_000) });
const ratios = fc.double({ min: 0, max: 1, noNaN: true });

test("every hop decides alike and gives a frame the same names", () => {
  fc.assert(
    fc.property(frames, ratios, ({ car, newestMs }, ratio) => {
      expect(frameTrace("r", car, newestMs, ratio)).toEqual(frameTrace("r", car, newestMs, ratio));
    }),
  );
});

test("a frame that is traced at one ratio is traced at every higher one, under the same names", () => {
  fc.assert(
    fc.property(frames, ratios, ratios, ({ car, newestMs }, a, b) => {
      const low = frameTrace("r", car, newestMs, Math.min(a, b));
      if (low !== undefined) expect(frameTrace("r", car, newestMs, Math.max(a, b))).toEqual(low);
    }),
  );
});

test("ratio 0 traces nothing, ratio 1 everything, by names that OpenTelemetry takes", () => {
  fc.assert(
    fc.property(frames, ({ car, newestMs }) => {
      expect(frameTrace("r", car, newestMs, 0)).toBeUndefined();
      const { traceId, rootSpanId } = frameTrace("r", car, newestMs, 1)!;
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(rootSpanId).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});

test("about the share that was asked for is traced, of every car", () => {
  for (const car of ["1", "24", "99"]) {
    const times = Array.from({ length: 20_000 }, (_, index) => 1_700_000_000_000 + index * 100);
    const traced = times.filter((newestMs) => frameTrace("r", car, newestMs, 0.05) !== undefined).length;
    // Five standard deviations.
    expect(Math.abs(traced - 1_000)).toBeLessThan(155);
  }
});

test("two races, two cars and two frames do not share a trace", () => {
  const names = [
    frameTrace("r", "1", 100, 1),
    frameTrace("s", "1", 100, 1),
    frameTrace("r", "2", 100, 1),
    frameTrace("r", "1", 200, 1),
  ].map((trace) => trace?.traceId);
  expect(new Set(names).size).toBe(4);
});
