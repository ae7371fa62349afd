import {
  BurnWindowSchema,
  type CarView,
  CarViewSchema,
  create,
  type Entry,
  EntrySchema,
  type Fact,
  type LiveValue,
} from "@burnline/contract";
import { FactShelf, factKey, type Rank, supersedes } from "./fact-shelf.ts";
import { LAPS_PER_CAR_MAX, STAGES_PER_CAR_MAX, STINTS_PER_CAR_MAX } from "./limits.ts";

/** Parts of a car's view that change on their own; a delta carries only those that did. */
type Part = "entry" | "live" | "lap" | "stint" | "stage" | "strategy" | "window";

/**
 * Everything the gateway knows about one car. `view` is what clients get; whoever reads it must copy or encode it at
 * once, for the next fact changes it in place.
 */
export class CarRecord {
  readonly car: string;
  readonly view: CarView;
  readonly laps = new FactShelf(LAPS_PER_CAR_MAX, (fact) => (fact.body.case === "lap" ? fact.body.value.startMs : 0));
  readonly stints = new FactShelf(STINTS_PER_CAR_MAX, (fact) =>
    fact.body.case === "stint" ? fact.body.value.stintNumber : 0,
  );
  readonly stages = new FactShelf(STAGES_PER_CAR_MAX, (fact) =>
    fact.body.case === "stage" ? fact.body.value.stageNumber : 0,
  );
  /** Version at which anything in `view` last changed. */
  changedAt = 0;
  /** Highest event time of telemetry; 0 = none yet. */
  telemetryMs = 0;
  readonly #newest = new Map<Part, Rank>();
  readonly #changedAt: Record<Part, number> = {
    entry: 0,
    live: 0,
    lap: 0,
    stint: 0,
    stage: 0,
    strategy: 0,
    window: 0,
  };

  constructor(car: string) {
    this.car = car;
    this.view = create(CarViewSchema, { car, stale: true });
  }

  get live(): LiveValue | undefined {
    return this.view.live;
  }

  /**
   * The view with only those parts that changed after a version; the whole view for a version below 0. What a client
   * gets is a fifth of the bytes that way, because at 10 Hz little but the gauge changes.
   */
  viewSince(version: number): CarView {
    const { view } = this;
    if (version < 0) return view;
    const lean = create(CarViewSchema, {
      car: view.car,
      position: view.position,
      eventTimeMs: view.eventTimeMs,
      stale: view.stale,
    });
    const has = (part: Part) => this.#changedAt[part] > version;
    if (has("entry") && view.entry !== undefined) lean.entry = view.entry;
    if (has("live") && view.live !== undefined) lean.live = view.live;
    if (has("stint") && view.stint !== undefined) lean.stint = view.stint;
    if (has("stage") && view.stage !== undefined) lean.stage = view.stage;
    if (has("strategy") && view.strategy !== undefined) lean.strategy = view.strategy;
    if (has("lap") && view.lastLap !== undefined) {
      lean.lastLap = view.lastLap;
      lean.lastLapRevision = view.lastLapRevision;
      if (view.lastLapProvenance !== undefined) lean.lastLapProvenance = view.lastLapProvenance;
    }
    if (has("window") && view.lastWindow !== undefined) {
      lean.lastWindow = view.lastWindow;
      lean.lastWindowRevision = view.lastWindowRevision;
    }
    return lean;
  }

  /** An empty entry says that the car is not (or no longer) on the entry list. */
  setEntry(entry: Entry | undefined, version: number): void {
    this.view.entry = entry ?? create(EntrySchema, { car: this.car });
    this.#mark("entry", this.view.eventTimeMs, version);
  }

  setPosition(position: number, version: number): void {
    if (this.view.position === position) return;
    this.view.position = position;
    this.changedAt = version;
  }

  setStale(stale: boolean, version: number): void {
    if (this.view.stale === stale) return;
    this.view.stale = stale;
    this.changedAt = version;
  }

  /** False when the value is not newer than the one shown (I9). */
  applyLive(live: LiveValue, version: number): boolean {
    if (this.view.live !== undefined && live.eventTimeMs <= this.view.live.eventTimeMs) return false;
    this.view.live = live;
    this.telemetryMs = Math.max(this.telemetryMs, live.eventTimeMs);
    this.#mark("live", live.eventTimeMs, version);
    return true;
  }

  /** False when nothing changed: known already, older than what is held, or of a kind that no car has. */
  applyFact(fact: Fact, version: number): boolean {
    const body = fact.body;
    switch (body.case) {
      case "lap":
        return this.laps.offer(fact, version) && this.#applyLap(fact, version);
      case "stint":
        if (!this.stints.offer(fact, version)) return false;
        if (this.#takes("stint", this.stints.rankOf(fact), fact, version)) this.view.stint = body.value;
        return true;
      case "stage":
        if (!this.stages.offer(fact, version)) return false;
        if (this.#takes("stage", this.stages.rankOf(fact), fact, version)) this.view.stage = body.value;
        return true;
      case "strategy":
        if (!this.#takes("strategy", rank(fact, fact.eventTimeMs), fact, version)) return false;
        this.view.strategy = body.value;
        return true;
      case "burnWindow":
        if (!this.#takes("window", rank(fact, body.value.startMs), fact, version)) return false;
        // The features are the model's food; no client shows them.
        this.view.lastWindow = create(BurnWindowSchema, { ...body.value, features: [] });
        this.view.lastWindowRevision = fact.revision;
        this.telemetryMs = Math.max(this.telemetryMs, body.value.endMs);
        return true;
      default:
        return false;
    }
  }

  #applyLap(fact: Fact, version: number): boolean {
    if (fact.body.case !== "lap" || !this.#takes("lap", this.laps.rankOf(fact), fact, version)) return true;
    this.view.lastLap = fact.body.value;
    this.view.lastLapRevision = fact.revision;
    if (fact.provenance === undefined) delete this.view.lastLapProvenance;
    else this.view.lastLapProvenance = fact.provenance;
    return true;
  }

  /** Whether a fact is the newest of its kind; if so, that part of the view counts as changed. */
  #takes(part: Part, candidate: Rank, fact: Fact, version: number): boolean {
    if (!supersedes(candidate, this.#newest.get(part))) return false;
    this.#newest.set(part, candidate);
    this.#mark(part, fact.eventTimeMs, version);
    return true;
  }

  #mark(part: Part, eventTimeMs: number, version: number): void {
    this.view.eventTimeMs = Math.max(this.view.eventTimeMs, eventTimeMs);
    this.#changedAt[part] = version;
    this.changedAt = version;
  }
}

function rank(fact: Fact, order: number): Rank {
  return { key: factKey(fact), revision: fact.revision, order };
}
