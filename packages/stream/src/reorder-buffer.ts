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

export interface ReleaseRule {
  /** The sequence that went on last; the item with the next one has nothing in front of it that could still come. */
  readonly releasedSequence: number;
  /** What is no newer waits no longer, whatever is missing in front of it. */
  readonly watermarkMs: number;
  /** Over this cap the oldest go early: later ones that should have come before them are then late, and nothing is lost. */
  readonly waitingMax: number;
}

/**
 * Hands over, in event-time order, the items in front of which nothing is missing, and those whose last event the watermark
 * has passed. So a source without gaps never waits, and a gap is waited for as long as the watermark says.
 * @returns the sequence that went on last, for the next call
 */
export function releaseReady<Item extends Reorderable>(
  waiting: Item[],
  { releasedSequence, watermarkMs, waitingMax }: ReleaseRule,
  release: (item: Item) => void,
): number {
  let count = 0;
  let lastSequence = releasedSequence;
  while (count < waiting.length) {
    const item = waiting[count];
    if (item === undefined) break;
    const isNext = item.sequence === lastSequence + 1;
    if (!isNext && item.lastEventTimeMs > watermarkMs && waiting.length - count <= waitingMax) break;
    release(item);
    lastSequence = Math.max(lastSequence, item.sequence);
    count++;
  }
  if (count > 0) waiting.splice(0, count);
  return lastSequence;
}

function isAfter(a: Reorderable, b: Reorderable): boolean {
  if (a.firstEventTimeMs !== b.firstEventTimeMs) return a.firstEventTimeMs > b.firstEventTimeMs;
  return a.sequence > b.sequence;
}
