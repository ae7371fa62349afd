import {
  CONTROL_SCHEMA_VERSION,
  ControlEventSchema,
  create,
  type FlagState,
  LAP_NUMBER_MAX,
  RPM_MAX,
  SPEED_MPS_MAX,
  STATUS_OFF_TRACK,
  STATUS_ON_PIT_ROAD,
  STATUS_RESET,
  type TelemetryFrame,
} from "@burnline/contract";
import { FRAME_MS, FramePacker, type RawSample } from "./packer.ts";
import { flagOfSessionFlags } from "./session-flags.ts";
import type { SkipReason, SourceItem } from "./source.ts";

/**
 * Event time of second 0 of a recording's session clock: 2000-01-01T00:00:00Z. A fixed epoch, because a CSV twin does
 * not carry the date of its .ibt, and both must give the same event times.
 */
export const RECORDING_EPOCH_MS = 946_684_800_000;

/** Session times above this are no session's: 30 days. */
export const SESSION_TIME_S_MAX = 30 * 86_400;

/** Share of a lap that no car covers between two ticks: further is a reset to the pits (2 km of Spa in 250 ms). */
const JUMP_LAP_FRACTION = 0.05;
const JUMP_MS_MAX = 250;

/** How far outside 0 .. 1 a pedal may be by rounding or calibration before it is not believed. */
const PEDAL_TOLERANCE = 0.01;

/** One row of a recording in the units of the simulator; undefined = the recording has no such channel. */
export interface TelemetryRow {
  readonly timeS: number;
  readonly throttle: number;
  readonly brake: number | undefined;
  readonly rpm: number | undefined;
  readonly gear: number | undefined;
  readonly speedMps: number | undefined;
  readonly lap: number | undefined;
  readonly lapFraction: number | undefined;
  readonly onPitRoad: boolean;
  readonly onTrack: boolean;
  readonly sessionFlags: number | undefined;
  readonly latDeg: number | undefined;
  readonly lonDeg: number | undefined;
}

/**
 * Turns the rows of one recorded car into items: frames, flag changes and counted omissions. The one place where rows
 * of .ibt and .csv become samples, so that twins agree by construction. Pure; one instance per pass over the file.
 *
 * Event time only moves forward: when the session clock goes back (a reset, a new session), the rows that follow go on
 * one sample after the last, and the first of them carries the RESET bit.
 */
export class RecordedCar {
  readonly #packer: FramePacker;
  readonly #epochMs: number;
  readonly #samplePeriodMs: number;
  #rowCount = 0;
  #shiftMs = 0;
  #previous: { readonly eventTimeMs: number; readonly row: TelemetryRow } | undefined;
  #flag: FlagState | undefined;
  #flagCount = 0;
  #arrivalMs: number;

  constructor(options: { readonly car: string; readonly sampleRateHz: number; readonly epochMs: number }) {
    this.#packer = new FramePacker(options);
    this.#epochMs = options.epochMs;
    this.#samplePeriodMs = Math.max(1, Math.round(1000 / options.sampleRateHz));
    this.#arrivalMs = options.epochMs;
  }

  /** The items that this row completes, in order of arrival. */
  accept(row: TelemetryRow): SourceItem[] {
    const fault = rowFault(row, this.#rowCount++ === 0);
    if (fault !== undefined) return [this.#skipped(fault)];
    const previous = this.#previous;
    let eventTimeMs = eventTimeOf(row.timeS, this.#epochMs) + this.#shiftMs;
    let reset = previous !== undefined && isReset(previous.row, row, eventTimeMs - previous.eventTimeMs);
    if (previous !== undefined && eventTimeMs < previous.eventTimeMs) {
      const resumedMs = previous.eventTimeMs + this.#samplePeriodMs;
      this.#shiftMs += resumedMs - eventTimeMs;
      eventTimeMs = resumedMs;
      reset = true;
    } else if (eventTimeMs === previous?.eventTimeMs) {
      return [this.#skipped("repeated-tick")];
    }
    this.#previous = { eventTimeMs, row };
    const items: SourceItem[] = [];
    const frame = this.#packer.push(toSample(row, eventTimeMs, reset));
    if (frame !== undefined) items.push(this.#frameItem(frame));
    const flag = this.#flagChange(row, eventTimeMs);
    if (flag !== undefined) items.push(flag);
    return items;
  }

  /** The last, unfinished frame. */
  end(): SourceItem[] {
    const frame = this.#packer.flush();
    return frame === undefined ? [] : [this.#frameItem(frame)];
  }

  #frameItem(frame: TelemetryFrame): SourceItem {
    // A live sender would send the frame when its span is over.
    this.#arrivalMs = Math.max(this.#arrivalMs, frame.eventTimeMs + FRAME_MS);
    return { type: "frame", arrivalMs: this.#arrivalMs, frame };
  }

  #skipped(reason: SkipReason): SourceItem {
    return { type: "skipped", arrivalMs: this.#arrivalMs, reason, count: 1 };
  }

  #flagChange(row: TelemetryRow, eventTimeMs: number): SourceItem | undefined {
    if (row.sessionFlags === undefined) return undefined;
    const flag = flagOfSessionFlags(row.sessionFlags);
    if (flag === this.#flag) return undefined;
    this.#flag = flag;
    this.#arrivalMs = Math.max(this.#arrivalMs, eventTimeMs);
    const event = create(ControlEventSchema, {
      schemaVersion: CONTROL_SCHEMA_VERSION,
      id: `recorded-flag-${this.#flagCount++}`,
      effectiveFromMs: eventTimeMs,
      event: { case: "flagChanged", value: { flag } },
    });
    return { type: "control", arrivalMs: this.#arrivalMs, event };
  }
}

/** Session time in whole ms of event time; through the 4 decimals of the CSV form, so that twins round alike. */
function eventTimeOf(timeS: number, epochMs: number): number {
  return epochMs + Math.round(Math.round(timeS * 10_000) / 10);
}

function rowFault(row: TelemetryRow, isFirst: boolean): SkipReason | undefined {
  // The simulator writes its first tick before it knows where the car is.
  if (isFirst && row.latDeg === 0 && row.lonDeg === 0 && (row.lap ?? 0) === 0) return "first-tick";
  const numbers = [row.timeS, row.throttle, row.brake, row.rpm, row.gear, row.speedMps, row.lap, row.lapFraction];
  for (const value of numbers) if (value !== undefined && !Number.isFinite(value)) return "not-finite";
  return isInRange(row) ? undefined : "out-of-range";
}

function isInRange(row: TelemetryRow): boolean {
  const within = (value: number | undefined, min: number, max: number) =>
    value === undefined || (value >= min && value <= max);
  return (
    within(row.timeS, 0, SESSION_TIME_S_MAX) &&
    within(row.throttle, -PEDAL_TOLERANCE, 1 + PEDAL_TOLERANCE) &&
    within(row.brake, -PEDAL_TOLERANCE, 1 + PEDAL_TOLERANCE) &&
    within(row.rpm, -1, RPM_MAX) &&
    within(row.gear, -2, 32) &&
    within(row.speedMps, -SPEED_MPS_MAX, SPEED_MPS_MAX) &&
    within(row.lap, -1, LAP_NUMBER_MAX) &&
    // -1 = not in the world; a little over 1 happens on the line.
    within(row.lapFraction, -1, 2)
  );
}

/** A lap number that goes back, or a place that no car can reach in the time. */
function isReset(before: TelemetryRow, now: TelemetryRow, elapsedMs: number): boolean {
  if (before.lap !== undefined && now.lap !== undefined && now.lap < before.lap) return true;
  if (elapsedMs > JUMP_MS_MAX || before.lapFraction === undefined || now.lapFraction === undefined) return false;
  if (before.lapFraction < -PEDAL_TOLERANCE || now.lapFraction < -PEDAL_TOLERANCE) return false;
  const way = now.lapFraction - before.lapFraction;
  return Math.abs(way - Math.round(way)) > JUMP_LAP_FRACTION;
}

function toSample(row: TelemetryRow, eventTimeMs: number, reset: boolean): RawSample {
  const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max);
  return {
    eventTimeMs,
    throttle: clamp(row.throttle, 1),
    brake: row.brake === undefined ? undefined : clamp(row.brake, 1),
    rpm: row.rpm === undefined ? undefined : Math.max(row.rpm, 0),
    gear: row.gear,
    // Rolling backwards is a way too.
    speedMps: row.speedMps === undefined ? undefined : Math.abs(row.speedMps),
    lapNumber: row.lap === undefined ? undefined : Math.max(row.lap, 0),
    lapFraction: row.lapFraction === undefined ? undefined : clamp(row.lapFraction, 1),
    statusBits:
      (row.onPitRoad ? STATUS_ON_PIT_ROAD : 0) | (reset ? STATUS_RESET : 0) | (row.onTrack ? 0 : STATUS_OFF_TRACK),
  };
}
