import type { TelemetryFrame } from "@burnline/contract";
import { createSimSource, type Source, type SourceItem } from "@burnline/ingest";
import { LossyLink, PERFECT_LINK } from "@burnline/racesim";
import type { SimOptions } from "./options.ts";

/** Reordered frames lag up to this: beyond the watermark's bound, so that corrections are exercised all the time. */
const REORDER_DELAY_MS_MAX = 600;
/** Late frames lag by this: some within the allowed lateness of 5 s, some beyond. */
const LATE_DELAY_MS_MIN = 2_000;
const LATE_DELAY_MS_MAX = 9_000;

/** The simulator's race, sent over a link that is as bad as the options say. */
export function simSource(options: SimOptions): Source {
  const { seed, track, cars, sampleRateHz } = options;
  const source = createSimSource({ seed, track, cars, sampleRateHz, link: "perfect" });
  return { ...source, items: () => overBadLink(source.items(), options) };
}

async function* overBadLink(items: AsyncIterable<SourceItem>, options: SimOptions): AsyncGenerator<SourceItem> {
  const link = new LossyLink<TelemetryFrame>({
    ...PERFECT_LINK,
    seed: options.seed,
    latencyMs: 0,
    lossProbability: options.drop,
    duplicateProbability: options.duplicate,
    reorderProbability: options.delay,
    reorderDelayMsMax: REORDER_DELAY_MS_MAX,
    lateProbability: options.late,
    lateDelayMsMin: LATE_DELAY_MS_MIN,
    lateDelayMsMax: LATE_DELAY_MS_MAX,
  });
  for await (const item of items) {
    for (const { arrivalMs, item: frame } of link.drain(item.arrivalMs)) yield { type: "frame", arrivalMs, frame };
    if (item.type === "frame") link.send(item.arrivalMs, item.frame);
    else yield item;
  }
  for (const { arrivalMs, item: frame } of link.drain(Number.POSITIVE_INFINITY)) {
    yield { type: "frame", arrivalMs, frame };
  }
}
