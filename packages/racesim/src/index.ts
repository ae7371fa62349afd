export { CARS_MAX, type Manufacturer, type SimEntry } from "./entries.ts";
export type { SimEvent, SimFlag } from "./events.ts";
export {
  type LinkCounts,
  type LinkDelivery,
  LOSSY_LINK_DEFAULTS,
  LossyLink,
  type LossyLinkOptions,
  PERFECT_LINK,
} from "./lossy-link.ts";
export { RaceSim, type RaceSimOptions, SAMPLE_RATE_HZ_MAX, SAMPLE_RATE_HZ_MIN, type SimStep, STEP_MS } from "./race.ts";
export type { SimCarColumns } from "./sampler.ts";
export { findTrackSpec, type Sourced, TRACK_IDS, type Track, type TrackSpec } from "./track.ts";
export {
  type CarTruthRecord,
  type FillTruthRecord,
  type LapTruthRecord,
  type RunOutTruthRecord,
  type TruthRecord,
  truthLine,
  type WindowTruthRecord,
} from "./truth.ts";
