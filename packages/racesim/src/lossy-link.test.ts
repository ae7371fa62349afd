import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LossyLink, type LossyLinkOptions, PERFECT_LINK } from "./lossy-link.ts";

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const options = fc.record({
  seed: fc.integer(),
  latencyMs: fc.integer({ min: 0, max: 500 }),
  jitterMs: fc.integer({ min: 0, max: 50 }),
  burstStartProbability: probability,
  burstEndProbability: probability,
  lossProbability: probability,
  burstLossProbability: probability,
  duplicateProbability: probability,
  duplicateDelayMsMax: fc.integer({ min: 0, max: 1000 }),
  reorderProbability: probability,
  reorderDelayMsMax: fc.integer({ min: 0, max: 1000 }),
  lateProbability: probability,
  lateDelayMsMin: fc.constant(2000),
  lateDelayMsMax: fc.constant(9000),
});
const gapsMs = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 });

/** Sends 0, 1, 2 … with these gaps, draining as time goes on, and at last everything. */
function run(link: LossyLink<number>, gaps: readonly number[]): { arrivalMs: number; item: number }[] {
  const deliveries: { arrivalMs: number; item: number }[] = [];
  let nowMs = 0;
  for (const [item, gapMs] of gaps.entries()) {
    nowMs += gapMs;
    link.send(nowMs, item);
    deliveries.push(...link.drain(nowMs));
  }
  deliveries.push(...link.drain(Number.POSITIVE_INFINITY));
  return deliveries;
}

describe("LossyLink", () => {
  it("is the identity, in order, when all probabilities are zero", () => {
    fc.assert(
      fc.property(fc.integer(), gapsMs, (seed, gaps) => {
        const link = new LossyLink<number>({ ...PERFECT_LINK, seed });
        expect(run(link, gaps).map((delivery) => delivery.item)).toEqual(gaps.map((_, item) => item));
        expect(link.counts).toMatchObject({ dropped: 0, duplicated: 0, reordered: 0, late: 0, delivered: gaps.length });
      }),
    );
  });

  it("keeps the order under jitter alone, and never delivers before the latency is over", () => {
    fc.assert(
      fc.property(fc.integer(), gapsMs, (seed, gaps) => {
        const link = new LossyLink<number>({ ...PERFECT_LINK, jitterMs: 80, latencyMs: 120, seed });
        const deliveries = run(link, gaps);
        expect(deliveries.map((delivery) => delivery.item)).toEqual(gaps.map((_, item) => item));
        let sentMs = 0;
        for (const [at, gapMs] of gaps.entries()) {
          sentMs += gapMs;
          expect(deliveries[at]!.arrivalMs).toBeGreaterThanOrEqual(sentMs + 120);
        }
      }),
    );
  });

  it("delivers each item once unless dropped, twice when duplicated, and counts exactly that", () => {
    fc.assert(
      fc.property(options, gapsMs, (wild, gaps) => {
        const link = new LossyLink<number>(wild);
        const times = new Map<number, number>();
        for (const { item } of run(link, gaps)) times.set(item, (times.get(item) ?? 0) + 1);
        const values = [...times.values()];
        expect(values.every((count) => count <= 2)).toBe(true);
        expect(link.counts.sent).toBe(gaps.length);
        expect(link.counts.dropped).toBe(gaps.length - times.size);
        expect(link.counts.duplicated).toBe(values.filter((count) => count === 2).length);
        expect(link.counts.delivered).toBe(values.reduce((sum, count) => sum + count, 0));
        expect(link.pending).toBe(0);
      }),
    );
  });

  it("hands over in order of arrival and nothing ahead of its time", () => {
    fc.assert(
      fc.property(options, gapsMs, (wild, gaps) => {
        const link = new LossyLink<number>(wild);
        const deliveries: { arrivalMs: number; item: number }[] = [];
        let nowMs = 0;
        for (const [item, gapMs] of gaps.entries()) {
          nowMs += gapMs;
          link.send(nowMs, item);
          for (const delivery of link.drain(nowMs)) {
            expect(delivery.arrivalMs).toBeLessThanOrEqual(nowMs);
            deliveries.push(delivery);
          }
          expect(link.nextArrivalMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(nowMs);
        }
        const arrivals = deliveries.map((delivery) => delivery.arrivalMs);
        expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
      }),
    );
  });

  it("does the same again from the same seed, and something else from another", () => {
    const gaps = Array.from({ length: 3000 }, () => 10);
    const once = run(new LossyLink<number>({ seed: 7 }), gaps);
    expect(run(new LossyLink<number>({ seed: 7 }), gaps)).toEqual(once);
    expect(run(new LossyLink<number>({ seed: 8 }), gaps)).not.toEqual(once);
  });

  it("with its defaults loses in bursts, repeats, reorders and is late beyond five seconds", () => {
    const link = new LossyLink<number>({ seed: 3 });
    const count = 50_000;
    const deliveries = run(
      link,
      Array.from({ length: count }, () => 10),
    );
    expect(link.counts.dropped / count).toBeGreaterThan(0.005);
    expect(link.counts.dropped / count).toBeLessThan(0.03);
    expect(link.counts.duplicated).toBeGreaterThan(100);
    expect(link.counts.reordered).toBeGreaterThan(200);
    const lateness = deliveries.map((delivery) => delivery.arrivalMs - 10 * (delivery.item + 1));
    expect(Math.max(...lateness)).toBeGreaterThan(5000);

    const arrived = new Set(deliveries.map((delivery) => delivery.item));
    let lostPairs = 0;
    for (let item = 1; item < count; item++) if (!arrived.has(item) && !arrived.has(item - 1)) lostPairs++;
    // Without bursts two neighbours would hardly ever be lost together.
    expect(lostPairs).toBeGreaterThan(link.counts.dropped * 0.4);
  });

  it("throws away what comes above its cap and counts it", () => {
    const unruly: Partial<LossyLinkOptions> & { seed: number } = { ...PERFECT_LINK, seed: 1, pendingMax: 5 };
    const link = new LossyLink<number>(unruly);
    for (let item = 0; item < 8; item++) link.send(0, item);
    expect(link.pending).toBe(5);
    expect(link.counts.overflowed).toBe(3);
    expect(link.drain(1000).map((delivery) => delivery.item)).toEqual([0, 1, 2, 3, 4]);
  });
});
