import type { CarPart, FeedUpdate } from "./feed-message.ts";

/** What one message showed that is worth counting. */
export interface Observation {
  /** Of the oldest new live value in the message, from its event time to its arrival; undefined: none was new. */
  readonly liveLatencyMs: number | undefined;
  /** Of the oldest window that was shown for the first time, from its end. */
  readonly windowLatencyMs: number | undefined;
  /** Of the oldest lap that was shown for the first time, from the line. */
  readonly lapLatencyMs: number | undefined;
  readonly newLiveValues: number;
  readonly newWindows: number;
  /** Views that stood still too long and moved on with this message. */
  readonly gaps: number;
  readonly longestGapMs: number;
  /** Things that went back in event time or revision (I9), each in words. */
  readonly orderViolations: readonly string[];
  /** Samples that whole laps lack or have too many, judged when the next lap takes their place: each is a wrong number. */
  readonly samplesMissing: number;
  readonly lapsJudged: number;
}

export interface ViewRules {
  readonly gapMsMax: number;
  /** A race may have others, of which this load cannot know why they stand still. */
  readonly fedCars: ReadonlySet<string>;
  /** Of a lap that nothing is missing from. */
  readonly samplesPerLap: number;
  /** A lap that started earlier was under way when the feeds began. */
  readonly judgedFromMs: number;
}

interface SeenCar extends CarPart {
  movedAtMs: number;
}

/**
 * What one client has been shown of the race, over all its connections to the same gateway process. Says of each message
 * how old its news were, and whether anything went back.
 */
export class ClientView {
  readonly #rules: ViewRules;
  readonly #cars = new Map<string, SeenCar>();
  #raceTimeMs = 0;
  #serverInstance = "";

  constructor(rules: ViewRules) {
    this.#rules = rules;
  }

  /** Another process has a view of its own, which may be behind; what the client held is forgotten. */
  greeted(serverInstance: string): void {
    if (serverInstance === this.#serverInstance) return;
    this.#serverInstance = serverInstance;
    this.#raceTimeMs = 0;
    for (const seen of this.#cars.values()) {
      Object.assign(seen, { ...NOTHING, car: seen.car, movedAtMs: seen.movedAtMs });
    }
  }

  /** @param isNews false for a snapshot, whose values are as old as they are */
  observe(update: FeedUpdate, receivedMs: number, isNews: boolean): Observation {
    const tally = new Tally();
    if (update.raceTimeMs > 0) {
      if (update.raceTimeMs < this.#raceTimeMs) tally.violations.push("the race's event time");
      this.#raceTimeMs = Math.max(this.#raceTimeMs, update.raceTimeMs);
    }
    for (const part of update.cars) this.#observeCar(part, receivedMs, isNews, tally);
    return tally.done();
  }

  /** Cars that stand still now and have for longer than allowed. */
  standingStill(nowMs: number): number {
    let count = 0;
    for (const seen of this.#cars.values()) {
      if (this.#rules.fedCars.has(seen.car) && seen.movedAtMs > 0 && nowMs - seen.movedAtMs > this.#rules.gapMsMax)
        count++;
    }
    return count;
  }

  #observeCar(part: CarPart, receivedMs: number, isNews: boolean, tally: Tally): void {
    let seen = this.#cars.get(part.car);
    if (seen === undefined) {
      seen = { ...NOTHING, car: part.car, movedAtMs: 0 };
      this.#cars.set(part.car, seen);
    }
    if (part.eventTimeMs < seen.eventTimeMs) tally.violations.push(`car ${part.car}: its event time`);
    this.#observeLive(seen, part, receivedMs, isNews, tally);
    if (part.windowStartMs > 0) this.#observeWindow(seen, part, receivedMs, isNews, tally);
    if (part.lapStartMs > 0) this.#observeLap(seen, part, receivedMs, isNews, tally);
    seen.eventTimeMs = Math.max(seen.eventTimeMs, part.eventTimeMs);
  }

  #observeLive(seen: SeenCar, part: CarPart, receivedMs: number, isNews: boolean, tally: Tally): void {
    if (part.liveMs === 0) return;
    if (part.liveMs < seen.liveMs) tally.violations.push(`car ${part.car}: its live value`);
    if (part.liveMs <= seen.liveMs) return;
    tally.newLiveValues++;
    if (isNews) tally.live = Math.max(tally.live, receivedMs - part.liveMs);
    const isJudged = this.#rules.fedCars.has(seen.car) && seen.movedAtMs > 0;
    const stoodMs = isJudged ? receivedMs - seen.movedAtMs : 0;
    if (stoodMs > this.#rules.gapMsMax) tally.gaps++;
    tally.longestGapMs = Math.max(tally.longestGapMs, stoodMs);
    seen.movedAtMs = receivedMs;
    seen.liveMs = part.liveMs;
  }

  #observeWindow(seen: SeenCar, part: CarPart, receivedMs: number, isNews: boolean, tally: Tally): void {
    const isOlder =
      part.windowStartMs < seen.windowStartMs ||
      (part.windowStartMs === seen.windowStartMs && part.windowRevision < seen.windowRevision);
    if (isOlder) tally.violations.push(`car ${part.car}: its window`);
    if (isOlder) return;
    if (part.windowStartMs > seen.windowStartMs) {
      tally.newWindows++;
      if (isNews) tally.window = Math.max(tally.window, receivedMs - part.windowEndMs);
    }
    seen.windowStartMs = part.windowStartMs;
    seen.windowRevision = part.windowRevision;
  }

  #observeLap(seen: SeenCar, part: CarPart, receivedMs: number, isNews: boolean, tally: Tally): void {
    const isOlder =
      part.lapStartMs < seen.lapStartMs || (part.lapStartMs === seen.lapStartMs && part.lapRevision < seen.lapRevision);
    if (isOlder) tally.violations.push(`car ${part.car}: its lap`);
    if (isOlder) return;
    if (part.lapStartMs > seen.lapStartMs) {
      if (isNews) tally.lap = Math.max(tally.lap, receivedMs - part.lapEndMs);
      // The former lap has had its time to be corrected. A window has not: a silent car's is shown as it is.
      const { judgedFromMs, samplesPerLap } = this.#rules;
      const isJudged = seen.lapStartMs >= judgedFromMs && seen.lapStartMs > 0;
      if (isJudged) tally.samplesMissing += Math.abs(samplesPerLap - seen.lapSamples);
      if (isJudged) tally.lapsJudged++;
    }
    seen.lapStartMs = part.lapStartMs;
    seen.lapRevision = part.lapRevision;
    seen.lapSamples = part.lapSamples;
  }
}

const NOTHING: CarPart = {
  ...{ car: "", eventTimeMs: 0, liveMs: 0, windowStartMs: 0, windowEndMs: 0, windowRevision: 0 },
  ...{ lapStartMs: 0, lapEndMs: 0, lapSamples: 0, lapRevision: 0 },
};

class Tally {
  live = Number.NEGATIVE_INFINITY;
  window = Number.NEGATIVE_INFINITY;
  lap = Number.NEGATIVE_INFINITY;
  newLiveValues = 0;
  newWindows = 0;
  gaps = 0;
  longestGapMs = 0;
  samplesMissing = 0;
  lapsJudged = 0;
  readonly violations: string[] = [];

  done(): Observation {
    const known = (latencyMs: number) => (latencyMs === Number.NEGATIVE_INFINITY ? undefined : latencyMs);
    return {
      liveLatencyMs: known(this.live),
      windowLatencyMs: known(this.window),
      lapLatencyMs: known(this.lap),
      ...{ newLiveValues: this.newLiveValues, newWindows: this.newWindows, gaps: this.gaps },
      ...{ longestGapMs: this.longestGapMs, orderViolations: this.violations, samplesMissing: this.samplesMissing },
      lapsJudged: this.lapsJudged,
    };
  }
}
