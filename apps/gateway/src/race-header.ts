import {
  create,
  type Fact,
  FlagState,
  type LiveValue,
  type RaceClock,
  type RaceFact,
  type RaceView as RaceViewMessage,
  RaceViewSchema,
} from "@burnline/contract";
import { factKey, type Rank, supersedes } from "./fact-shelf.ts";
import { RACE_TIME_STEP_MS } from "./limits.ts";

/** What the field of cars says about the race at one moment. */
export interface FieldSummary {
  /** Event time up to which the field is known. */
  readonly eventTimeMs: number;
  readonly leader: LiveValue | undefined;
  readonly carsTotal: number;
  readonly carsStale: number;
}

/** What holds for the race as a whole: definition, flag, stage, leader, counts, clock. Its event time never goes back. */
export class RaceHeader {
  readonly view: RaceViewMessage = create(RaceViewSchema, {});
  #fact: RaceFact | undefined;
  #rank: Rank | undefined;
  #definedAt = 0;
  #changedAt = 0;
  /** The event time that clients were last told. */
  #toldTimeMs = 0;

  get trackLengthM(): number {
    return this.view.definition?.track?.lengthM ?? 0;
  }

  /** False when the fact is not newer than the one that is shown. */
  applyFact(fact: Fact, raceFact: RaceFact, version: number): boolean {
    const rank = { key: factKey(fact), revision: fact.revision, order: fact.eventTimeMs };
    if (!supersedes(rank, this.#rank)) return false;
    this.#rank = rank;
    this.#fact = raceFact;
    if (raceFact.definition !== undefined) {
      this.view.definition = raceFact.definition;
      this.#definedAt = version;
    }
    this.#changedAt = version;
    return true;
  }

  /** Takes in what the field says; counts as a change when clients have to hear of it. */
  update(field: FieldSummary, clock: RaceClock | undefined, version: number): void {
    const { view } = this;
    view.eventTimeMs = Math.max(view.eventTimeMs, field.eventTimeMs);
    const next = {
      flag: this.#flag(field.leader),
      leaderLapNumber: field.leader?.lapNumber ?? 0,
      stageNumber: this.#fact?.stageNumber || (field.leader?.stageNumber ?? 0),
      carsTotal: field.carsTotal,
      carsStale: field.carsStale,
    };
    const isChanged =
      next.flag !== view.flag ||
      next.leaderLapNumber !== view.leaderLapNumber ||
      next.stageNumber !== view.stageNumber ||
      next.carsTotal !== view.carsTotal ||
      next.carsStale !== view.carsStale ||
      view.eventTimeMs - this.#toldTimeMs >= RACE_TIME_STEP_MS ||
      !this.hasClock(clock);
    if (!isChanged) return;
    Object.assign(view, next);
    if (clock !== undefined) view.clock = clock;
    this.#toldTimeMs = view.eventTimeMs;
    this.#changedAt = version;
  }

  hasClock(clock: RaceClock | undefined): boolean {
    const shown = this.view.clock;
    if (clock === undefined || shown === undefined) return clock === shown;
    return (
      clock.anchorEventMs === shown.anchorEventMs &&
      clock.anchorWallMs === shown.anchorWallMs &&
      clock.speed === shown.speed
    );
  }

  /** Undefined when nothing changed. The entry list, by far the largest part, travels only when it changed. */
  since(version: number): RaceViewMessage | undefined {
    if (version < 0 || this.#definedAt > version) return this.view;
    if (this.#changedAt <= version) return undefined;
    const { definition: _, ...rest } = this.view;
    return create(RaceViewSchema, rest);
  }

  #flag(leader: LiveValue | undefined): FlagState {
    const spans = this.#fact?.flagSpans ?? [];
    const begun = spans.filter((span) => span.fromMs <= this.view.eventTimeMs);
    // Before the first telemetry every span is ahead of the race's time: the first one is what holds then.
    return (begun.at(-1) ?? spans[0])?.flag ?? leader?.flag ?? FlagState.UNSPECIFIED;
  }
}
