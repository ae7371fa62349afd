import {
  CONTROL_SCHEMA_VERSION,
  type ControlEvent,
  ControlEventSchema,
  create,
  FlagState,
  type RaceDefinition,
  RaceDefinitionSchema,
} from "@burnline/contract";
import type { Prng } from "@burnline/std";
import { LAP_LENGTH_M } from "./car-tape.ts";

/**
 * Flags are said this much before they hold, so that they are in the log before the samples that they concern. Less than
 * an ingest takes for a clock that is wrong.
 */
const ANNOUNCED_MS = 800;
/** Between the beginnings of two cautions, how long each lasts, and between the ends of two stages. */
const CAUTION_EVERY_MS = 45_000;
const CAUTION_MS = 12_000;
const STAGE_EVERY_MS = 70_000;
/** Between two stops of a car: more often than in a race, so that runs end while things break. */
const STOP_EVERY_MS_MIN = 40_000;
const STOP_EVERY_MS_MAX = 80_000;
/** Pit road entered, box, filled, left: the steps of a stop, so far after its beginning. */
const STOP_STEPS_MS = [0, 2_000, 6_000, 8_000] as const;

type EventInit = ControlEvent["event"];

interface Planned {
  readonly saidMs: number;
  readonly effectiveFromMs: number;
  readonly event: EventInit;
}

/** A seeded race control: flags, stage ends and pit stops by race time. */
export class RaceControl {
  readonly definition: RaceDefinition;
  readonly #planned: Planned[];
  #said = 0;

  constructor(race: string, cars: readonly string[], startMs: number, endMs: number, prng: Prng) {
    this.definition = create(RaceDefinitionSchema, {
      race,
      name: "Chaos",
      track: { id: "ring", name: "Ring", lengthM: LAP_LENGTH_M, greenLapS: 22 },
      scheduledLaps: 10_000,
      carProfile: "nextgen",
      entries: cars.map((car) => ({ car, driver: `Driver ${car}`, startsFull: true })),
    });
    this.#planned = [
      ...flags(startMs, endMs),
      ...stages(startMs, endMs),
      ...cars.flatMap((car) => stops(car, startMs, endMs, prng)),
    ].sort((left, right) => left.saidMs - right.saidMs);
  }

  /** To be in the log before anything else. */
  opening(startMs: number): ControlEvent[] {
    return [
      this.#say(startMs, { case: "raceDefinition", value: this.definition }),
      this.#say(startMs, { case: "flagChanged", value: { flag: FlagState.GREEN } } as EventInit),
    ];
  }

  /** What is said up to now, in order. */
  upTo(nowMs: number): ControlEvent[] {
    const events: ControlEvent[] = [];
    while ((this.#planned[0]?.saidMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      const next = this.#planned.shift();
      if (next !== undefined) events.push(this.#say(next.effectiveFromMs, next.event));
    }
    return events;
  }

  #say(effectiveFromMs: number, event: EventInit): ControlEvent {
    const id = `control-${this.#said++}`;
    return create(ControlEventSchema, { schemaVersion: CONTROL_SCHEMA_VERSION, id, effectiveFromMs, event });
  }
}

function announced(effectiveFromMs: number, event: EventInit): Planned {
  return { saidMs: effectiveFromMs - ANNOUNCED_MS, effectiveFromMs, event };
}

function flags(startMs: number, endMs: number): Planned[] {
  const planned: Planned[] = [];
  for (let atMs = startMs + CAUTION_EVERY_MS / 3; atMs < endMs; atMs += CAUTION_EVERY_MS) {
    planned.push(announced(atMs, { case: "flagChanged", value: { flag: FlagState.CAUTION } } as EventInit));
    planned.push(announced(atMs + CAUTION_MS, { case: "flagChanged", value: { flag: FlagState.GREEN } } as EventInit));
  }
  return planned;
}

function stages(startMs: number, endMs: number): Planned[] {
  const planned: Planned[] = [];
  for (let stageNumber = 1, atMs = startMs + STAGE_EVERY_MS / 2; atMs < endMs; atMs += STAGE_EVERY_MS, stageNumber++) {
    planned.push(announced(atMs, { case: "stageEnded", value: { stageNumber } } as EventInit));
  }
  return planned;
}

function stops(car: string, startMs: number, endMs: number, prng: Prng): Planned[] {
  const planned: Planned[] = [];
  const [enter, box, fill, leave] = STOP_STEPS_MS;
  const say = (atMs: number, event: EventInit) => planned.push({ saidMs: atMs, effectiveFromMs: atMs, event });
  const next = () => prng.integer(STOP_EVERY_MS_MIN, STOP_EVERY_MS_MAX);
  for (let atMs = startMs + Math.round(next() / 2); atMs < endMs; atMs += next()) {
    say(atMs + enter, { case: "pitRoadEntered", value: { car } } as EventInit);
    say(atMs + box, { case: "boxStopped", value: { car } } as EventInit);
    say(atMs + fill, { case: "fuelFilled", value: { car, litres: 40, full: false } } as EventInit);
    say(atMs + fill + 100, { case: "boxLeft", value: { car } } as EventInit);
    say(atMs + leave, { case: "pitRoadLeft", value: { car } } as EventInit);
  }
  return planned;
}
