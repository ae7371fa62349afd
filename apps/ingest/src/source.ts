import type { ControlEvent, RaceDefinition, TelemetryFrame } from "@burnline/contract";
import { OperatingError } from "@burnline/runtime";

/**
 * What became of an item: undefined = it is in the log for good, otherwise the reason for which it was refused.
 * Called once, and only after the log has acknowledged what the item became.
 */
export type Settle = (fault: string | undefined) => void;

/**
 * One thing that arrives at ingest. `arrivalMs` is on the race's own time line (event time): for a live source the wall
 * clock, for a recording the time at which the item would have arrived. It goes back within a source only where its clock was
 * set back.
 */
export type SourceItem =
  | { readonly type: "frame"; readonly arrivalMs: number; readonly frame: TelemetryFrame; readonly settle?: Settle }
  | { readonly type: "bytes"; readonly arrivalMs: number; readonly bytes: Uint8Array; readonly settle?: Settle }
  | { readonly type: "control"; readonly arrivalMs: number; readonly event: ControlEvent; readonly settle?: Settle }
  /** What the source itself had to leave out, so that nothing is dropped in silence. */
  | { readonly type: "skipped"; readonly arrivalMs: number; readonly reason: SkipReason; readonly count: number };

export type SkipReason =
  | "first-tick"
  | "not-finite"
  | "out-of-range"
  | "repeated-tick"
  | "truncated-tail"
  | "undecodable-item"
  | "event-after-end";

/** A stream of items and the race that they belong to. */
export interface Source {
  /** For people: where the items come from. */
  readonly description: string;
  readonly race: RaceDefinition;
  /** Event time at which the race starts, in ms since the epoch; nothing arrives earlier. */
  readonly startMs: number;
  /** True when items come as they happen; false when `items()` can be repeated. */
  readonly live: boolean;
  /** True when `race` is only a stand-in until the source is told (push without a race definition). */
  readonly provisionalRace?: boolean;
  /**
   * In order of arrival. A source that is not live gives the same items each time it is asked.
   * @throws SourceError when the source turns out to be damaged.
   */
  items(): AsyncIterable<SourceItem>;
  /** The file behind the source, so that nobody records over it. */
  readonly filePath?: string;
  /** Stops a live source: `items()` ends after what has already arrived. */
  close?(): Promise<void>;
}

/** A source that cannot be read. The message is one sentence that names the source, what is wrong and what to do. */
export class SourceError extends OperatingError {
  override readonly name = "SourceError";
}
