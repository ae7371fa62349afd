import { assert, Prng } from "@burnline/std";

/**
 * How badly the radio and the network treat what is sent. All probabilities are per item; with all of them zero every
 * item arrives once, in order.
 */
export interface LossyLinkOptions {
  readonly seed: number;
  /** Way through the air and the network. Default 200 ms, car to cloud (fuel.md 1.5). */
  readonly latencyMs: number;
  /** Mean of the exponential extra delay; it never reorders, a delayed item holds up those behind it. */
  readonly jitterMs: number;
  /** Bursts of loss, Gilbert and Elliott: chance to fall into the bad state and to leave it, and the loss in each. */
  readonly burstStartProbability: number;
  readonly burstEndProbability: number;
  readonly lossProbability: number;
  readonly burstLossProbability: number;
  /** A second copy, up to duplicateDelayMsMax after the first. */
  readonly duplicateProbability: number;
  readonly duplicateDelayMsMax: number;
  /** An item overtaken by later ones. */
  readonly reorderProbability: number;
  readonly reorderDelayMsMax: number;
  /** An item from a car-side buffer, far behind: uniform in lateDelayMsMin .. lateDelayMsMax. */
  readonly lateProbability: number;
  readonly lateDelayMsMin: number;
  readonly lateDelayMsMax: number;
  /** Items on their way at once; one more is thrown away and counted as overflowed. */
  readonly pendingMax: number;
}

/** About 1.5 % loss in bursts of five, 0.5 % duplicates, 1 % disorder, 0.1 % late by 2 to 8 s. Source: fuel.md 5 (6). */
export const LOSSY_LINK_DEFAULTS: Omit<LossyLinkOptions, "seed"> = {
  latencyMs: 200,
  jitterMs: 10,
  burstStartProbability: 0.003,
  burstEndProbability: 0.2,
  lossProbability: 0.001,
  burstLossProbability: 0.9,
  duplicateProbability: 0.005,
  duplicateDelayMsMax: 400,
  reorderProbability: 0.01,
  reorderDelayMsMax: 200,
  lateProbability: 0.001,
  lateDelayMsMin: 2_000,
  lateDelayMsMax: 8_000,
  pendingMax: 131_072,
};

/** Nothing is lost, repeated or reordered. */
export const PERFECT_LINK: Omit<LossyLinkOptions, "seed"> = {
  ...LOSSY_LINK_DEFAULTS,
  jitterMs: 0,
  burstStartProbability: 0,
  lossProbability: 0,
  duplicateProbability: 0,
  reorderProbability: 0,
  lateProbability: 0,
};

export interface LinkDelivery<T> {
  readonly arrivalMs: number;
  readonly item: T;
}

/** delivered + pending = sent - dropped - overflowed + duplicated, at any moment. */
export interface LinkCounts {
  sent: number;
  dropped: number;
  overflowed: number;
  duplicated: number;
  reordered: number;
  late: number;
  delivered: number;
}

interface Pending<T> {
  readonly arrivalMs: number;
  readonly order: number;
  readonly item: T;
}

/** A seeded way from a sender to a receiver that loses, repeats, delays and reorders. Knows no clock. */
export class LossyLink<T> {
  readonly counts: LinkCounts = {
    sent: 0,
    dropped: 0,
    overflowed: 0,
    duplicated: 0,
    reordered: 0,
    late: 0,
    delivered: 0,
  };
  readonly #options: LossyLinkOptions;
  readonly #prng: Prng;
  /** Binary heap: the next arrival first, equal arrivals in the order of sending. */
  readonly #heap: Pending<T>[] = [];
  #inBurst = false;
  #order = 0;
  #lastInOrderMs = Number.NEGATIVE_INFINITY;

  constructor(options: Partial<LossyLinkOptions> & { readonly seed: number }) {
    this.#options = { ...LOSSY_LINK_DEFAULTS, ...options };
    assert(this.#options.pendingMax >= 1, "pendingMax must be at least 1");
    this.#prng = new Prng(options.seed);
  }

  get pending(): number {
    return this.#heap.length;
  }

  /** When the next item arrives, or undefined when nothing is on its way. */
  get nextArrivalMs(): number | undefined {
    return this.#heap[0]?.arrivalMs;
  }

  send(atMs: number, item: T): void {
    const { counts } = this;
    const prng = this.#prng;
    const options = this.#options;
    counts.sent++;
    if (this.#isLost()) {
      counts.dropped++;
      return;
    }
    const arrivalMs = atMs + options.latencyMs + (options.jitterMs > 0 ? prng.exponential(options.jitterMs) : 0);
    const isLate = prng.chance(options.lateProbability);
    const isReordered = !isLate && prng.chance(options.reorderProbability);
    const isDuplicated = prng.chance(options.duplicateProbability);
    let delayMs = 0;
    if (isLate) delayMs = prng.uniform(options.lateDelayMsMin, options.lateDelayMsMax);
    else if (isReordered) delayMs = prng.uniform(0, options.reorderDelayMsMax);
    const duplicateDelayMs = isDuplicated ? prng.uniform(0, options.duplicateDelayMsMax) : 0;

    const inOrderMs = Math.max(arrivalMs, this.#lastInOrderMs);
    if (!isLate && !isReordered) this.#lastInOrderMs = inOrderMs;
    if (!this.#put(inOrderMs + delayMs, item)) return;
    if (isLate) counts.late++;
    if (isReordered) counts.reordered++;
    if (!isDuplicated) return;
    counts.duplicated++;
    this.#put(inOrderMs + delayMs + duplicateDelayMs, item);
  }

  /** Everything that has arrived by now, in order of arrival. */
  drain(nowMs: number): LinkDelivery<T>[] {
    const arrived: LinkDelivery<T>[] = [];
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.arrivalMs > nowMs) return arrived;
      this.#removeFirst();
      this.counts.delivered++;
      arrived.push({ arrivalMs: next.arrivalMs, item: next.item });
    }
  }

  #isLost(): boolean {
    const options = this.#options;
    const flip = this.#inBurst ? options.burstEndProbability : options.burstStartProbability;
    if (this.#prng.chance(flip)) this.#inBurst = !this.#inBurst;
    return this.#prng.chance(this.#inBurst ? options.burstLossProbability : options.lossProbability);
  }

  #put(arrivalMs: number, item: T): boolean {
    const heap = this.#heap;
    if (heap.length >= this.#options.pendingMax) {
      this.counts.overflowed++;
      return false;
    }
    const entry: Pending<T> = { arrivalMs, order: this.#order++, item };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || arrivesBefore(parent, entry)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = entry;
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const leftAt = 2 * at + 1;
      const left = heap[leftAt];
      if (left === undefined) break;
      const right = heap[leftAt + 1];
      const pickRight = right !== undefined && arrivesBefore(right, left);
      const child = pickRight ? right : left;
      if (arrivesBefore(last, child)) break;
      heap[at] = child;
      at = pickRight ? leftAt + 1 : leftAt;
    }
    heap[at] = last;
  }
}

function arrivesBefore(a: Pending<unknown>, b: Pending<unknown>): boolean {
  return a.arrivalMs < b.arrivalMs || (a.arrivalMs === b.arrivalMs && a.order < b.order);
}
