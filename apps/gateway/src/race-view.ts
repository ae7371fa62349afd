import {
  CARS_MAX,
  type CarView,
  type Fact,
  type LiveValue,
  type RaceClock,
  type RaceDefinition,
  type RaceFact,
  type RaceView as RaceViewMessage,
} from "@burnline/contract";
import { assert } from "@burnline/std";
import { CarRecord } from "./car-record.ts";
import { factRefusal, liveRefusal, type Outcome } from "./fact-check.ts";
import { FactShelf } from "./fact-shelf.ts";
import { ALERTS_MAX, STALE_AFTER_MS } from "./limits.ts";
import { type FieldSummary, RaceHeader } from "./race-header.ts";
import { runningOrder } from "./running-order.ts";
import type { Topic } from "./topic.ts";

/** What a topic shows, whole or since a version. Read it at once: the views change in place with the next input. */
export interface TopicContent {
  readonly race: RaceViewMessage | undefined;
  readonly cars: readonly CarView[];
  readonly laps: readonly Fact[];
  readonly stints: readonly Fact[];
  readonly stages: readonly Fact[];
  readonly alerts: readonly Fact[];
}

// Far above any event time, so that an active alert comes behind every retracted one in the shelf's order.
const ACTIVE_ALERT_ORDER = 1e15;

// From this many cars on, the race's time is the second newest car's: one car whose clock runs ahead must not make the
// whole field stale (I12).
const CARS_FOR_SECOND_NEWEST = 4;

/**
 * The latest view of one race, reduced from facts and live values. The result does not depend on the order in which
 * they come, nor on how often (facts of equal key and revision are equal, I6), and nothing shown ever goes back (I9).
 *
 * Changes gather under a version that is not out yet; `seal` gives it out. A delta is whatever carries a version above
 * the client's, so all clients at the same version share one.
 */
export class RaceView {
  readonly race: string;
  readonly #cars = new Map<string, CarRecord>();
  readonly #alerts = new FactShelf(ALERTS_MAX, alertOrder);
  readonly #header = new RaceHeader();
  #version = 0;
  #isDirty = false;

  constructor(race: string) {
    this.race = race;
  }

  /** The newest version given out; 0 = nothing yet. */
  get version(): number {
    return this.#version;
  }

  /** True when something came in since the last seal. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Highest event time of the race, 0 before the first telemetry. */
  get eventTimeMs(): number {
    return this.raceView.eventTimeMs;
  }

  applyFact(fact: Fact): Outcome {
    const refusal = factRefusal(fact, this.race);
    if (refusal !== undefined) return refusal;
    const body = fact.body;
    if (body.case === "raceState") return this.#outcome(this.#applyRaceFact(fact, body.value));
    // A gap in the log shows in the provenance of the numbers that it touched; by itself it is no car's.
    if (body.case === "dataGap") return "applied";
    if (body.case === "alert") return this.#outcome(this.#alerts.offer(fact, this.#version + 1));
    const record = this.#recordOf(fact.car);
    if (record === undefined) return "too-many-cars";
    return this.#outcome(record.applyFact(fact, this.#version + 1));
  }

  applyLive(live: LiveValue): Outcome {
    const refusal = liveRefusal(live, this.race);
    if (refusal !== undefined) return refusal;
    const record = this.#recordOf(live.car);
    if (record === undefined) return "too-many-cars";
    return this.#outcome(record.applyLive(live, this.#version + 1));
  }

  /** Works out what depends on the whole field and gives the gathered changes out. Returns the version. */
  seal(clock: RaceClock | undefined): number {
    if (!this.#isDirty && this.#header.hasClock(clock)) return this.#version;
    const version = this.#version + 1;
    const before = this.eventTimeMs;
    const nowMs = Math.max(before, this.#fieldTimeMs());
    this.#placeCars(nowMs, version);
    this.#header.update(this.#summary(nowMs), clock, version);
    this.#version = version;
    this.#isDirty = false;
    assert(this.eventTimeMs >= before, "I9: the race's view went back in event time");
    return version;
  }

  get raceView(): RaceViewMessage {
    return this.#header.view;
  }

  /** In running order; cars without a place behind, by car id. */
  cars(): CarView[] {
    return this.#sorted().map((record) => record.view);
  }

  car(car: string): CarRecord | undefined {
    return this.#cars.get(car);
  }

  alerts(): Fact[] {
    return this.#alerts.all();
  }

  content(topic: Topic): TopicContent {
    return this.changedSince(topic, -1) ?? { race: this.raceView, ...NOTHING };
  }

  /** What a client that has `version` of a topic lacks; undefined when it lacks nothing. */
  changedSince(topic: Topic, version: number): TopicContent | undefined {
    const race = this.#header.since(version);
    const content = { race, ...this.#topicContent(topic, version) };
    const isEmpty =
      race === undefined &&
      content.cars.length === 0 &&
      content.alerts.length === 0 &&
      content.laps.length === 0 &&
      content.stints.length === 0 &&
      content.stages.length === 0;
    return isEmpty ? undefined : content;
  }

  #topicContent(topic: Topic, version: number): Omit<TopicContent, "race"> {
    switch (topic.type) {
      case "board":
        return {
          ...NOTHING,
          cars: this.#sorted().flatMap((car) => (car.changedAt > version ? [car.viewSince(version)] : [])),
        };
      case "alerts":
        return { ...NOTHING, alerts: this.#alerts.changedSince(version) };
      case "car": {
        const record = this.#cars.get(topic.car);
        if (record === undefined) return NOTHING;
        return {
          cars: record.changedAt > version ? [record.viewSince(version)] : [],
          laps: record.laps.changedSince(version),
          stints: record.stints.changedSince(version),
          stages: record.stages.changedSince(version),
          alerts: this.#alerts.changedSince(version).filter((fact) => fact.car === topic.car),
        };
      }
    }
  }

  #applyRaceFact(fact: Fact, raceFact: RaceFact): boolean {
    if (!this.#header.applyFact(fact, raceFact, this.#version + 1)) return false;
    if (raceFact.definition !== undefined) this.#setEntries(raceFact.definition);
    return true;
  }

  #setEntries(definition: RaceDefinition): void {
    const entries = new Map(definition.entries.map((entry) => [entry.car, entry]));
    for (const car of entries.keys()) this.#recordOf(car);
    for (const record of this.#cars.values()) {
      const entry = entries.get(record.car);
      // Off the list before it ever spoke: it will not take part.
      if (entry === undefined && record.view.eventTimeMs === 0) this.#cars.delete(record.car);
      else record.setEntry(entry, this.#version + 1);
    }
  }

  #recordOf(car: string): CarRecord | undefined {
    let record = this.#cars.get(car);
    if (record === undefined) {
      if (this.#cars.size >= CARS_MAX) return undefined;
      record = new CarRecord(car);
      const entry = this.raceView.definition?.entries.find((candidate) => candidate.car === car);
      record.setEntry(entry, this.#version + 1);
      this.#cars.set(car, record);
      this.#isDirty = true;
    }
    return record;
  }

  #outcome(changed: boolean): Outcome {
    if (!changed) return "older";
    this.#isDirty = true;
    return "applied";
  }

  #fieldTimeMs(): number {
    let newest = 0;
    let second = 0;
    let heard = 0;
    for (const { telemetryMs } of this.#cars.values()) {
      if (telemetryMs > 0) heard++;
      if (telemetryMs > newest) {
        second = newest;
        newest = telemetryMs;
      } else if (telemetryMs > second) second = telemetryMs;
    }
    return heard >= CARS_FOR_SECOND_NEWEST ? second : newest;
  }

  #placeCars(nowMs: number, version: number): void {
    const order = runningOrder(this.#cars.values(), nowMs, this.#header.trackLengthM);
    const placed = new Set(order);
    order.forEach((record, index) => {
      record.setPosition(index + 1, version);
    });
    for (const record of this.#cars.values()) {
      if (!placed.has(record)) record.setPosition(0, version);
      const ageMs = nowMs - record.telemetryMs;
      record.setStale(record.telemetryMs === 0 || ageMs > STALE_AFTER_MS, version);
    }
  }

  #summary(eventTimeMs: number): FieldSummary {
    let carsStale = 0;
    for (const record of this.#cars.values()) if (record.view.stale) carsStale++;
    return { eventTimeMs, leader: this.#sorted()[0]?.live, carsTotal: this.#cars.size, carsStale };
  }

  #sorted(): CarRecord[] {
    const place = (record: CarRecord) => record.view.position || Number.POSITIVE_INFINITY;
    return [...this.#cars.values()].sort((a, b) => {
      const placeA = place(a);
      const placeB = place(b);
      if (placeA !== placeB) return placeA - placeB;
      return a.car < b.car ? -1 : 1;
    });
  }
}

const NOTHING = { cars: [], laps: [], stints: [], stages: [], alerts: [] };

function alertOrder(fact: Fact): number {
  const isActive = fact.body.case === "alert" && fact.body.value.active;
  return isActive ? ACTIVE_ALERT_ORDER + fact.eventTimeMs : fact.eventTimeMs;
}
