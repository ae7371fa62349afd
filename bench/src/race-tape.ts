import { encodeFrame } from "./burn-records.ts";
import { CARS, type CarFrame, eachTimedFrame, SAMPLE_RATE_HZ, SEED } from "./burn-windows.ts";

/** A frame on its way, and when it is due at the ingest. */
export interface TapeItem {
  /** Of the day. */
  readonly dueMs: number;
  /** Index of its race. */
  readonly race: number;
  readonly car: string;
  readonly sequence: number;
  /** As it is on the wire. */
  readonly payload: Uint8Array;
}

export interface TapeOptions {
  /** Over all races, which share them evenly. */
  readonly cars: number;
  readonly races: number;
  /** Event time at which the first frames begin; a whole second. */
  readonly startMs: number;
  /** Nothing is due later than this after the start. */
  readonly seconds: number;
}

/** What the cars of a tape send. */
export const TAPE_RATE_HZ = SAMPLE_RATE_HZ;
/** Nothing is sent late in the last seconds of the workload; a tape ends before them. */
const CALM_END_S = 13;

/**
 * The frames of burn-windows v1 with its delays, disorder, duplicates and late frames, moved into the time of the day and
 * encoded beforehand, so that sending them costs as little as possible. More than 40 cars: the same again from other seeds.
 */
export function makeTape({ cars, races, startMs, seconds }: TapeOptions): TapeItem[] {
  const items: TapeItem[] = [];
  for (let group = 0; group * CARS < cars; group++) {
    for (const { arrivalMs, frame } of eachTimedFrame(seconds + CALM_END_S, SEED + group)) {
      const index = group * CARS + Number(frame.car) - 1;
      if (index >= cars || arrivalMs > seconds * 1_000) continue;
      const { sequence } = frame;
      const car = String(Math.floor(index / races) + 1);
      const payload = encodeFrame(moved(frame, car, startMs));
      items.push({ dueMs: startMs + arrivalMs, race: index % races, car, sequence, payload });
    }
  }
  return items.sort((a, b) => a.dueMs - b.dueMs);
}

function moved({ type, sequence, samples }: CarFrame, car: string, startMs: number): CarFrame {
  const eventTimeMs = samples.eventTimeMs.map((timeMs) => timeMs + startMs);
  return { type, car, sequence, samples: { ...samples, eventTimeMs } };
}

/** Sends each item when it is due, until the tape ends. @returns when each was sent */
export async function playTape(
  tape: readonly TapeItem[],
  ports: {
    readonly nowMs: () => number;
    readonly sleep: (ms: number) => Promise<unknown>;
    readonly send: (item: TapeItem) => void;
  },
): Promise<Float64Array> {
  const sentMs = new Float64Array(tape.length);
  let next = 0;
  while (next < tape.length) {
    const nowMs = ports.nowMs();
    for (let item = tape[next]; item !== undefined && item.dueMs <= nowMs; item = tape[next]) {
      ports.send(item);
      sentMs[next++] = nowMs;
    }
    const dueMs = tape[next]?.dueMs ?? nowMs;
    await ports.sleep(Math.max(1, dueMs - nowMs));
  }
  return sentMs;
}
