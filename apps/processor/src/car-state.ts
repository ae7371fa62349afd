import { decodeFrame, type TelemetryFrame, TelemetryFrameSchema, toBinary } from "@burnline/contract";
import { type CarContext, CarFuel, type CarFuelSnapshot, type WindowAccumulator } from "@burnline/fuel";
import { assert } from "@burnline/std";
import {
  createSeenSequences,
  createWatermark,
  type KeyTicks,
  type OpenWindow,
  type Reorderable,
  type SeenSequences,
  type Watermark,
} from "@burnline/stream";

/** A frame that waits for its car's watermark. */
export interface WaitingFrame extends Reorderable {
  readonly frame: TelemetryFrame;
}

/** What was counted about a car since the race began. */
export interface CarCounts {
  frames: number;
  samples: number;
  duplicateFrames: number;
  /** Behind the released horizon, but in time to correct window and lap. */
  correctedSamples: number;
  /** Beyond the allowed lateness: on the late subject, in no window. */
  lateSamples: number;
  modelCorrections: number;
  /** Corrections by the model that came when their window was closed, or had been answered and said again. */
  modelCorrectionsLate: number;
}

/** Everything the processor keeps of one car. */
export interface CarState {
  readonly seen: SeenSequences;
  readonly mark: Watermark;
  /** Event time of the last sample that went on in order, and the highest sequence of a frame that went on. */
  releasedMs: number;
  releasedSequence: number;
  readonly waiting: WaitingFrame[];
  readonly windows: OpenWindow<WindowAccumulator>[];
  /** What the model added to windows that are still open, by their start. */
  readonly modelDeltas: Map<number, number>;
  readonly fuel: CarFuel;
  readonly counts: CarCounts;
  /** Ticks since the last frame. */
  ticksSilent: number;
}

export function createCarState(context: CarContext): CarState {
  return {
    seen: createSeenSequences(),
    mark: createWatermark(),
    releasedMs: -1,
    releasedSequence: -1,
    waiting: [],
    windows: [],
    modelDeltas: new Map(),
    fuel: new CarFuel(context),
    counts: {
      frames: 0,
      samples: 0,
      duplicateFrames: 0,
      correctedSamples: 0,
      lateSamples: 0,
      modelCorrections: 0,
      modelCorrectionsLate: 0,
    },
    ticksSilent: 0,
  };
}

export function waitingFrame(frame: TelemetryFrame): WaitingFrame {
  return {
    frame,
    firstEventTimeMs: frame.eventTimeMs + (frame.offsetMs[0] ?? 0),
    lastEventTimeMs: frame.eventTimeMs + (frame.offsetMs.at(-1) ?? 0),
    sequence: frame.sourceSequence,
  };
}

/** The shape on disk; bump OPERATOR_SCHEMA_VERSION when it changes. */
interface StoredCar {
  seen: SeenSequences;
  mark: Watermark;
  releasedMs: number;
  releasedSequence: number;
  waiting: string[];
  windows: OpenWindow<WindowAccumulator>[];
  modelDeltas: [number, number][];
  fuel: CarFuelSnapshot;
  counts: CarCounts;
  ticksSilent: number;
  heardTick: number;
  changedTick: number;
}

const textDecoder = new TextDecoder();

/** JSON: readable with any tool, and exact for the whole numbers that the state is made of. */
export function encodeCar(state: CarState, { heardTick, changedTick }: KeyTicks): Uint8Array {
  const stored: StoredCar = {
    seen: state.seen,
    mark: state.mark,
    releasedMs: state.releasedMs,
    releasedSequence: state.releasedSequence,
    waiting: state.waiting.map(({ frame }) => Buffer.from(toBinary(TelemetryFrameSchema, frame)).toString("base64")),
    windows: state.windows,
    modelDeltas: [...state.modelDeltas],
    fuel: state.fuel.snapshot(),
    counts: state.counts,
    ticksSilent: state.ticksSilent,
    ...{ heardTick, changedTick },
  };
  return Buffer.from(JSON.stringify(stored));
}

export function decodeCar(bytes: Uint8Array, context: CarContext): { state: CarState; ticks: KeyTicks } {
  const stored = JSON.parse(textDecoder.decode(bytes)) as StoredCar;
  const waiting = stored.waiting.map((base64) => {
    const decoded = decodeFrame(Buffer.from(base64, "base64"));
    assert(decoded.ok, "a frame in the state cannot be decoded");
    return waitingFrame(decoded.value);
  });
  const state: CarState = {
    seen: stored.seen,
    mark: stored.mark,
    releasedMs: stored.releasedMs,
    releasedSequence: stored.releasedSequence,
    waiting,
    windows: stored.windows,
    modelDeltas: new Map(stored.modelDeltas),
    fuel: CarFuel.restore(context, stored.fuel),
    counts: stored.counts,
    ticksSilent: stored.ticksSilent,
  };
  return { state, ticks: { heardTick: stored.heardTick, changedTick: stored.changedTick } };
}
