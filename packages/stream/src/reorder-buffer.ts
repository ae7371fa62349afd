/** An item that waits for the watermark: a frame of events between two times. */
export interface Reorderable {
  readonly firstEventTimeMs: number;
  readonly lastEventTimeMs: number;
  /** Breaks ties, so that the order never depends on arrival. */
  readonly sequence: number;
}

/** Puts an item in its place by event time; items that come in order cost one comparison. */
export function insertInOrder<Item extends Reorderable>(waiting: Item[], item: Item): void {
  let index = waiting.length;
  while (index > 0) {
    const before = waiting[index - 1];
    if (before === undefined || !isAfter(before, item)) break;
    index--;
  }
  if (index === waiting.length) waiting.push(item);
  else waiting.splice(index, 0, item);
}

/**
 * Hands over, in event-time order, the items whose last event the watermark has passed. Over the cap the oldest go
 * early: later ones that should have come before them are then late instead of in order, and nothing is lost.
 */
export function releaseThrough<Item extends Reorderable>(
  waiting: Item[],
  watermarkMs: number,
  waitingMax: number,
  release: (item: Item) => void,
): void {
  let count = 0;
  while (count < waiting.length) {
    const item = waiting[count];
    if (item === undefined) break;
    if (item.lastEventTimeMs > watermarkMs && waiting.length - count <= waitingMax) break;
    release(item);
    count++;
  }
  if (count > 0) waiting.splice(0, count);
}

function isAfter(a: Reorderable, b: Reorderable): boolean {
  if (a.firstEventTimeMs !== b.firstEventTimeMs) return a.firstEventTimeMs > b.firstEventTimeMs;
  return a.sequence > b.sequence;
}
