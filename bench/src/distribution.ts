/** How long something took, over all times that it happened. */
export interface Distribution {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly samples: number;
}

/** Nearest rank, in tenths of a ms; zeros for nothing. */
export function distributionOf(valuesMs: readonly number[]): Distribution {
  const sorted = Float64Array.from(valuesMs).sort();
  const at = (share: number) => {
    const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
    return Math.round((sorted[rank] ?? 0) * 10) / 10;
  };
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1), samples: sorted.length };
}

export function describeDistribution(name: string, times: Distribution): string {
  const { p50Ms, p95Ms, p99Ms, maxMs, samples } = times;
  return `${name.padEnd(34)} p50 ${p50Ms} ms  p95 ${p95Ms} ms  p99 ${p99Ms} ms  max ${maxMs} ms  of ${samples}`;
}
