/** The share of a frame that lies in one window and one lap. */
export interface FramePart {
  readonly windowStartMs: number;
  readonly lapNumber: number;
  readonly samples: number;
  readonly burnUg: number;
}

export interface TrueFrame {
  readonly lastEventTimeMs: number;
  readonly parts: readonly FramePart[];
}

/** What the generator knows: every frame of every car, by source sequence. Whole numbers, so that sums are exact. */
export class RaceTruth {
  readonly #frames = new Map<string, TrueFrame[]>();

  /** Frames of a car are added in the order of their sequences, from 0. */
  add(car: string, frame: TrueFrame): void {
    const frames = this.#frames.get(car);
    if (frames === undefined) this.#frames.set(car, [frame]);
    else frames.push(frame);
  }

  frame(car: string, sequence: number): TrueFrame | undefined {
    return this.#frames.get(car)?.[sequence];
  }

  get cars(): ReadonlyMap<string, readonly TrueFrame[]> {
    return this.#frames;
  }
}
