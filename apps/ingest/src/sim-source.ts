import {
  CONTROL_SCHEMA_VERSION,
  type ControlEvent,
  ControlEventSchema,
  create,
  FlagState,
  type RaceDefinition,
  RaceDefinitionSchema,
  STATUS_ON_PIT_ROAD,
  type TelemetryFrame,
} from "@burnline/contract";
import {
  CARS_MAX,
  LOSSY_LINK_DEFAULTS,
  LossyLink,
  type LossyLinkOptions,
  PERFECT_LINK,
  RaceSim,
  type RaceSimOptions,
  SAMPLE_RATE_HZ_MAX,
  SAMPLE_RATE_HZ_MIN,
  type SimCarColumns,
  type SimEvent,
  type SimFlag,
  TRACK_IDS,
  type TruthRecord,
} from "@burnline/racesim";
import { Prng } from "@burnline/std";
import { FramePacker } from "./packer.ts";
import { RECORDING_EPOCH_MS } from "./recorded-car.ts";
import { type Source, SourceError, type SourceItem } from "./source.ts";

export { truthLine } from "@burnline/racesim";

/** How the simulated frames travel. */
export type SimLink = "lossy" | "perfect";

export interface SimSourceOptions {
  /** Default 1. */
  readonly seed?: number;
  /** One of racesim's TRACK_IDS; default the first. */
  readonly track?: string;
  /** Default 40. */
  readonly cars?: number;
  /** Default 60. */
  readonly sampleRateHz?: number;
  /** Race distance; default the track's own. */
  readonly laps?: number;
  /** Event time of the start; rounded up to a whole second. Default RECORDING_EPOCH_MS. */
  readonly startMs?: number;
  /** Default "lossy". */
  readonly link?: SimLink;
  /** Gets what only the simulator knows; it must not reach the estimator. */
  readonly onTruth?: (record: TruthRecord) => void;
  /** Also gives the truth of every second to onTruth. */
  readonly truthWindows?: boolean;
}

/**
 * The simulator stands beside ingest, so its link is that of a trackside network; the way from a real car to the cloud
 * (200 ms, fuel.md 1.5) is not ours to measure. Loss, duplicates, disorder and late frames are as on the radio.
 */
const TRACKSIDE_LINK = { ...LOSSY_LINK_DEFAULTS, latencyMs: 20, jitterMs: 3 };
const PERFECT_TRACKSIDE_LINK = { ...PERFECT_LINK, latencyMs: 20 };

const CAR_PROFILE = "nextgen";

/**
 * A Source over a simulated race; the same options give the same items. Each car has a radio link of its own.
 * @throws SourceError when an option is impossible.
 */
export function createSimSource(options: SimSourceOptions = {}): Source {
  const simOptions = checkedOptions(options);
  const race = definitionOf(new RaceSim(simOptions), simOptions);
  return {
    description: `simulated race at ${race.track?.name ?? ""}: ${simOptions.cars} cars at ${simOptions.sampleRateHz} Hz, seed ${simOptions.seed}`,
    race,
    startMs: simOptions.startMs,
    live: false,
    items: () => simItems(simOptions, options.link ?? "lossy", options.onTruth),
  };
}

function checkedOptions(options: SimSourceOptions): RaceSimOptions {
  const trackId = options.track ?? TRACK_IDS[0] ?? "";
  const cars = options.cars ?? CARS_MAX;
  const sampleRateHz = options.sampleRateHz ?? 60;
  const seed = options.seed ?? 1;
  const startMs = Math.ceil((options.startMs ?? RECORDING_EPOCH_MS) / 1000) * 1000;
  if (!TRACK_IDS.includes(trackId)) {
    throw new SourceError(
      `The simulator has no track ${JSON.stringify(trackId.slice(0, 40))}; use one of: ${TRACK_IDS.join(", ")}.`,
    );
  }
  const check = (name: string, value: number, min: number, max: number) => {
    if (Number.isInteger(value) && value >= min && value <= max) return;
    throw new SourceError(`The simulator's ${name} is ${value}; give a whole number from ${min} to ${max}.`);
  };
  check("number of cars", cars, 1, CARS_MAX);
  check("sample rate in Hz", sampleRateHz, SAMPLE_RATE_HZ_MIN, SAMPLE_RATE_HZ_MAX);
  check("seed", seed, 0, 0xffff_ffff);
  if (options.laps !== undefined) check("number of laps", options.laps, 1, 2_000);
  return {
    seed,
    trackId,
    cars,
    sampleRateHz,
    startMs,
    truthWindows: options.truthWindows ?? false,
    ...(options.laps === undefined ? {} : { laps: options.laps }),
  };
}

function definitionOf(sim: RaceSim, options: RaceSimOptions): RaceDefinition {
  const { id, name, lengthM, greenLapS, greenBurnKgPerLap, powerPackage } = sim.track;
  return create(RaceDefinitionSchema, {
    race: `sim-${id}-${options.seed}`,
    name: `${name}, simulated`,
    track: { id, name, lengthM, greenLapS, greenBurnKgPerLap },
    scheduledLaps: sim.scheduledLaps,
    stageEndLaps: [...sim.stageEndLaps],
    entries: sim.entries.map(({ car, driver, team, manufacturer, startsFull }) => ({
      car,
      driver,
      team,
      manufacturer,
      carProfile: CAR_PROFILE,
      startsFull,
    })),
    powerPackage,
    carProfile: CAR_PROFILE,
    closedEntryList: true,
  });
}

async function* simItems(
  options: RaceSimOptions,
  linkType: SimLink,
  onTruth: ((record: TruthRecord) => void) | undefined,
): AsyncGenerator<SourceItem> {
  const sim = new RaceSim(options);
  const cars = new SimCars(options, linkType);
  let eventCount = 0;
  for (let step = sim.step(); step !== undefined; step = sim.step()) {
    if (onTruth !== undefined) for (const record of step.truth) onTruth(record);
    const items: SourceItem[] = [];
    for (const event of step.events) {
      const control = toControlEvent(event, eventCount++);
      // Timing and race control report what happened in a step at its end.
      if (control !== undefined) items.push({ type: "control", arrivalMs: step.timeMs, event: control });
    }
    for (const columns of step.cars) cars.send(columns, step.timeMs);
    yield* inOrder([...items, ...cars.arrived(step.timeMs)]);
  }
  yield* inOrder(cars.arrived(Number.POSITIVE_INFINITY));
}

/** Stable, so that equal arrivals keep the order in which they are given. */
function inOrder(items: SourceItem[]): SourceItem[] {
  return items.sort((a, b) => a.arrivalMs - b.arrivalMs);
}

/** Each car's packer and radio link. */
class SimCars {
  readonly #cars = new Map<string, { readonly packer: FramePacker; readonly link: LossyLink<TelemetryFrame> }>();
  readonly #options: RaceSimOptions;
  readonly #link: Omit<LossyLinkOptions, "seed">;
  readonly #seeds: Prng;

  constructor(options: RaceSimOptions, linkType: SimLink) {
    this.#options = options;
    this.#link = linkType === "lossy" ? TRACKSIDE_LINK : PERFECT_TRACKSIDE_LINK;
    this.#seeds = new Prng(options.seed ^ 0x5eed);
  }

  /** Packs a step's samples of one car and sends the frame: a step is as long as a frame and starts with it. */
  send(columns: SimCarColumns, timeMs: number): void {
    const { packer, link } = this.#carOf(columns.car);
    for (let index = 0; index < columns.count; index++) {
      const frame = packer.push(sampleOf(columns, index));
      if (frame !== undefined) link.send(timeMs, frame);
    }
    const frame = packer.flush();
    if (frame !== undefined) link.send(timeMs, frame);
  }

  arrived(nowMs: number): SourceItem[] {
    const items: SourceItem[] = [];
    for (const { link } of this.#cars.values()) {
      for (const { arrivalMs, item } of link.drain(nowMs)) {
        items.push({ type: "frame", arrivalMs: Math.round(arrivalMs), frame: item });
      }
    }
    return items;
  }

  #carOf(car: string) {
    let known = this.#cars.get(car);
    if (known === undefined) {
      known = {
        packer: new FramePacker({ car, sampleRateHz: this.#options.sampleRateHz }),
        link: new LossyLink<TelemetryFrame>({ ...this.#link, seed: this.#seeds.uint32() }),
      };
      this.#cars.set(car, known);
    }
    return known;
  }
}

function sampleOf(columns: SimCarColumns, index: number) {
  return {
    eventTimeMs: columns.eventTimeMs[index] ?? 0,
    throttle: columns.throttle[index] ?? 0,
    rpm: columns.rpm[index] ?? 0,
    speedMps: columns.speedMps[index] ?? 0,
    lapFraction: columns.lapPosition[index] ?? 0,
    lapNumber: columns.lapNumber[index] ?? 0,
    brake: columns.brake[index] ?? 0,
    gear: columns.gear[index] ?? 0,
    gapAheadM: columns.gapAheadM[index] ?? 0,
    statusBits: columns.onPitRoad[index] === 1 ? STATUS_ON_PIT_ROAD : 0,
  };
}

const FLAGS: Readonly<Record<SimFlag, FlagState>> = {
  green: FlagState.GREEN,
  caution: FlagState.CAUTION,
  red: FlagState.RED,
  white: FlagState.WHITE,
  checkered: FlagState.CHECKERED,
};

/** undefined for what the contract has no event for: the start shows in the flag. */
function toControlEvent(event: SimEvent, index: number): ControlEvent | undefined {
  const body = toControlBody(event);
  if (body === undefined) return undefined;
  return create(ControlEventSchema, {
    schemaVersion: CONTROL_SCHEMA_VERSION,
    id: `sim-${index}`,
    effectiveFromMs: event.timeMs,
    event: body,
  });
}

function toControlBody(event: SimEvent) {
  switch (event.type) {
    case "raceStarted":
      return undefined;
    case "flagChanged":
      return { case: "flagChanged", value: { flag: FLAGS[event.flag] } } as const;
    case "pitRoadEntered":
    case "pitRoadLeft":
    case "boxStopped":
    case "boxLeft":
      return { case: event.type, value: { car: event.car } };
    case "fuelFilled":
      return { case: "fuelFilled", value: { car: event.car, litres: event.litres, full: event.full } } as const;
    case "lapCompleted":
      return { case: "lapLineCrossed", value: { car: event.car, completedLapNumber: event.lapNumber } } as const;
    case "stageEnded":
      return { case: "stageEnded", value: { stageNumber: event.stageNumber } } as const;
    case "incident":
      return { case: "incidentReported", value: { car: event.car, text: event.text, towed: event.towed } } as const;
  }
}
