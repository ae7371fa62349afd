import { assert } from "@burnline/std";

/** What a window holds, and how. Accumulators are plain JSON-safe objects: they are part of the key's snapshot. */
export interface WindowAggregator<Accumulator, Input> {
  create(startMs: number, endMs: number): Accumulator;
  /** Adds the events [from, to) of an input; all of them lie in the accumulator's window. Order must not matter. */
  add(accumulator: Accumulator, input: Input, from: number, to: number): void;
}

/** A window [startMs, endMs) that can still change. */
export interface OpenWindow<Accumulator> {
  startMs: number;
  accumulator: Accumulator;
  /** -1 before it fired; then the revision last emitted. */
  revision: number;
  /** Changed since it was last emitted. */
  dirty: boolean;
}

export interface TumblingWindowOptions {
  readonly sizeMs: number;
  /** How long after its end (by watermark) a window is kept to be corrected. */
  readonly allowedLatenessMs: number;
  /** Open windows per key; the events of one more are late. Bounds a hostile input, never a sound one. */
  readonly openWindowsMax: number;
}

export type WindowEmit<Accumulator> = (window: OpenWindow<Accumulator>) => void;

/**
 * Tumbling windows of one key, aligned to event time 0. Holds no state of its own: the caller keeps the key's open
 * windows (oldest first) in its keyed state and passes them in.
 *
 *   add → [open] ──watermark ≥ end──▶ fired (rev 0) ──late event──▶ dirty ──correct──▶ rev + 1
 *                                        └──────watermark ≥ end + lateness──▶ closed, forgotten
 */
export class TumblingWindower<Accumulator, Input> {
  readonly options: TumblingWindowOptions;
  readonly #aggregator: WindowAggregator<Accumulator, Input>;

  constructor(options: TumblingWindowOptions, aggregator: WindowAggregator<Accumulator, Input>) {
    const { sizeMs, allowedLatenessMs, openWindowsMax } = options;
    if (!(Number.isInteger(sizeMs) && sizeMs >= 1))
      throw new Error(`sizeMs must be a whole number of at least 1, not ${sizeMs}`);
    if (!(Number.isInteger(allowedLatenessMs) && allowedLatenessMs >= 0))
      throw new Error(`allowedLatenessMs must be a whole number of at least 0, not ${allowedLatenessMs}`);
    if (openWindowsMax * sizeMs < allowedLatenessMs + 2 * sizeMs)
      throw new Error(
        `openWindowsMax ${openWindowsMax} of ${sizeMs} ms cannot span the allowed lateness of ${allowedLatenessMs} ms`,
      );
    this.options = options;
    this.#aggregator = aggregator;
  }

  /**
   * Adds the events [from, to) of an input, in time order, each to its window.
   * @returns how many were too late for their window (it was closed at this watermark).
   */
  add(
    windows: OpenWindow<Accumulator>[],
    input: Input,
    eventTimeMs: ArrayLike<number>,
    from: number,
    to: number,
    watermarkMs: number,
  ): number {
    const { sizeMs, allowedLatenessMs } = this.options;
    let late = 0;
    let start = from;
    while (start < to) {
      const firstMs = eventTimeMs[start] ?? 0;
      const startMs = firstMs - (firstMs % sizeMs);
      const endMs = startMs + sizeMs;
      const stop = runEnd(eventTimeMs, start, to, endMs);
      const window = watermarkMs >= endMs + allowedLatenessMs ? undefined : this.#openFor(windows, startMs);
      if (window === undefined) {
        late += stop - start;
      } else {
        this.#aggregator.add(window.accumulator, input, start, stop);
        window.dirty = true;
      }
      start = stop;
    }
    return late;
  }

  /** True when an event at this time would still be taken in. */
  accepts(eventTimeMs: number, watermarkMs: number): boolean {
    const { sizeMs, allowedLatenessMs } = this.options;
    return watermarkMs < eventTimeMs - (eventTimeMs % sizeMs) + sizeMs + allowedLatenessMs;
  }

  /** No event before this time is accepted any more. */
  closedThroughMs(watermarkMs: number): number {
    const { sizeMs, allowedLatenessMs } = this.options;
    const lastEnd = watermarkMs - allowedLatenessMs;
    return lastEnd - (((lastEnd % sizeMs) + sizeMs) % sizeMs);
  }

  /** Emits, as revision 0, windows that the watermark has passed. */
  fire(windows: readonly OpenWindow<Accumulator>[], watermarkMs: number, emit: WindowEmit<Accumulator>): void {
    for (let index = 0; index < windows.length; index++) {
      const window = windows[index];
      if (window === undefined || window.startMs + this.options.sizeMs > watermarkMs) return;
      if (window.revision < 0) this.#emit(window, emit);
    }
  }

  /** Emits every window that changed since it was last emitted, fired or not: once per tick, or when a key is idle. */
  correct(windows: readonly OpenWindow<Accumulator>[], includeUnfired: boolean, emit: WindowEmit<Accumulator>): void {
    for (const window of windows) {
      if (window.dirty && (includeUnfired || window.revision >= 0)) this.#emit(window, emit);
    }
  }

  /** Forgets windows that can change no more, after a last correction if one is due. */
  close(windows: OpenWindow<Accumulator>[], watermarkMs: number, emit: WindowEmit<Accumulator>): void {
    const { sizeMs, allowedLatenessMs } = this.options;
    let closed = 0;
    for (const window of windows) {
      if (watermarkMs < window.startMs + sizeMs + allowedLatenessMs) break;
      if (window.dirty) this.#emit(window, emit);
      closed++;
    }
    if (closed > 0) windows.splice(0, closed);
  }

  #emit(window: OpenWindow<Accumulator>, emit: WindowEmit<Accumulator>): void {
    window.revision++;
    window.dirty = false;
    emit(window);
  }

  #openFor(windows: OpenWindow<Accumulator>[], startMs: number): OpenWindow<Accumulator> | undefined {
    let index = windows.length - 1;
    while (index >= 0) {
      const window = windows[index];
      assert(window !== undefined, "a hole in the open windows");
      if (window.startMs === startMs) return window;
      if (window.startMs < startMs) break;
      index--;
    }
    if (windows.length >= this.options.openWindowsMax) return undefined;
    const accumulator = this.#aggregator.create(startMs, startMs + this.options.sizeMs);
    const opened: OpenWindow<Accumulator> = { startMs, accumulator, revision: -1, dirty: false };
    windows.splice(index + 1, 0, opened);
    return opened;
  }
}

/** First index behind `start` whose time is not before endMs. */
function runEnd(eventTimeMs: ArrayLike<number>, start: number, to: number, endMs: number): number {
  // Most frames lie in one window: look at the last event first.
  if ((eventTimeMs[to - 1] ?? 0) < endMs) return to;
  let stop = start + 1;
  while (stop < to && (eventTimeMs[stop] ?? 0) < endMs) stop++;
  return stop;
}
