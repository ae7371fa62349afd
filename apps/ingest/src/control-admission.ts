import {
  CARS_MAX,
  CLOCK_SKEW_FUTURE_MS_MAX,
  CONTROL_BYTES_MAX,
  CONTROL_SCHEMA_VERSION,
  type ControlEvent,
  ControlEventSchema,
  FlagState,
  isCarId,
  LAP_NUMBER_MAX,
  type RaceDefinition,
  toBinary,
} from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import { TokenBucket } from "./token-bucket.ts";

/** Control events of one race with different ids; one more is refused ("too-many-controls"). 128 cars x 500 laps = 64,000. */
export const CONTROL_IDS_MAX = 100_000;

/** Each control event becomes 64 records, so their rate is limited apart from telemetry ("rate-exceeded"). */
const CONTROLS_PER_S_MAX = 200;
export const CONTROLS_BURST_MAX = 2_000;

/** An event from further back than this is refused ("ancient-time"): no race is longer. */
const CONTROL_PAST_MS_MAX = 24 * 3_600_000;

const CONTROL_ID_LENGTH_MAX = 64;
export const FILL_LITRES_MAX = 500;
const TEXT_LENGTH_MAX = 500;

/** Why a control event is refused; also the label of the counter. */
export type ControlFault =
  | "unknown-schema-version"
  | "bad-control-id"
  | "duplicate-control"
  | "too-many-controls"
  | "empty-control"
  | "bad-event-time"
  | "future-time"
  | "ancient-time"
  | "bad-car-id"
  | "unknown-car"
  | "foreign-race"
  | "bad-race-definition"
  | "out-of-range"
  | "too-large"
  | "rate-exceeded";

export interface AdmittedControl {
  readonly payload: Uint8Array;
  /** Last token of the subject, for example "flag_changed". */
  readonly kind: string;
}

/** Decides which control events enter the log. Pure. Ids are remembered, so an event sent twice counts once. */
export class ControlAdmission {
  readonly #race: string;
  readonly #seenIds = new Set<string>();
  readonly #carFault: (car: string) => "unknown-car" | undefined;
  #bucket: TokenBucket | undefined;

  constructor(race: string, carFault: (car: string) => "unknown-car" | undefined) {
    this.#race = race;
    this.#carFault = carFault;
  }

  admit(event: ControlEvent, arrivalMs: number): Result<AdmittedControl, ControlFault> {
    const fault = envelopeFault(event, arrivalMs) ?? this.#bodyFault(event);
    if (fault !== undefined) return err(fault);
    if (this.#seenIds.has(event.id)) return err("duplicate-control");
    if (this.#seenIds.size >= CONTROL_IDS_MAX) return err("too-many-controls");
    const payload = encodeControl(event);
    if (payload === undefined) return err("out-of-range");
    if (payload.length > CONTROL_BYTES_MAX) return err("too-large");
    this.#bucket ??= new TokenBucket(CONTROLS_PER_S_MAX, CONTROLS_BURST_MAX, arrivalMs);
    if (!this.#bucket.take(1, arrivalMs)) return err("rate-exceeded");
    this.#seenIds.add(event.id);
    return ok({ payload, kind: controlKind(event) });
  }

  #bodyFault(event: ControlEvent): ControlFault | undefined {
    const body = event.event;
    switch (body.case) {
      case undefined:
        return "empty-control";
      case "raceDefinition":
        return raceDefinitionFault(body.value, this.#race);
      case "flagChanged":
        return body.value.flag === FlagState.UNSPECIFIED || FlagState[body.value.flag] === undefined
          ? "out-of-range"
          : undefined;
      case "stageEnded":
        return body.value.stageNumber < 1 || body.value.stageNumber > LAP_NUMBER_MAX ? "out-of-range" : undefined;
      default: {
        const { car } = body.value;
        if (!isCarId(car)) return "bad-car-id";
        return this.#carFault(car) ?? detailFault(body);
      }
    }
  }
}

/** "raceDefinition" -> "race_definition": the subject's last token. */
function controlKind(event: ControlEvent): string {
  return (event.event.case ?? "unknown").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The first thing wrong with a race definition for this race, or undefined. */
export function raceDefinitionFault(race: RaceDefinition, expectedRace: string): ControlFault | undefined {
  if (race.race !== expectedRace) return "foreign-race";
  const cars = race.entries.map((entry) => entry.car);
  if (cars.length > CARS_MAX || !cars.every(isCarId) || new Set(cars).size !== cars.length)
    return "bad-race-definition";
  const stages = race.stageEndLaps;
  const rising = stages.every((lap, index) => lap > (stages[index - 1] ?? 0) && lap <= LAP_NUMBER_MAX);
  const lengthM = race.track?.lengthM ?? 0;
  const sound = rising && race.scheduledLaps <= LAP_NUMBER_MAX && lengthM >= 0 && lengthM <= 100_000;
  return sound ? undefined : "bad-race-definition";
}

function envelopeFault(event: ControlEvent, arrivalMs: number): ControlFault | undefined {
  if (event.schemaVersion !== CONTROL_SCHEMA_VERSION) return "unknown-schema-version";
  if (!/^[\x21-\x7e]+$/.test(event.id) || event.id.length > CONTROL_ID_LENGTH_MAX) return "bad-control-id";
  if (!Number.isSafeInteger(event.effectiveFromMs) || event.effectiveFromMs < 0) return "bad-event-time";
  if (event.effectiveFromMs > arrivalMs + CLOCK_SKEW_FUTURE_MS_MAX) return "future-time";
  return event.effectiveFromMs < arrivalMs - CONTROL_PAST_MS_MAX ? "ancient-time" : undefined;
}

type CarBody = Exclude<ControlEvent["event"], { case: undefined | "raceDefinition" | "flagChanged" | "stageEnded" }>;

function detailFault(body: CarBody): ControlFault | undefined {
  switch (body.case) {
    case "fuelFilled":
      // Written so that NaN fails.
      return body.value.litres >= 0 && body.value.litres <= FILL_LITRES_MAX ? undefined : "out-of-range";
    case "incidentReported":
      return body.value.text.length <= TEXT_LENGTH_MAX ? undefined : "out-of-range";
    case "lapLineCrossed":
      return body.value.completedLapNumber <= LAP_NUMBER_MAX ? undefined : "out-of-range";
    default:
      return undefined;
  }
}

/** undefined when a number does not fit its field. */
function encodeControl(event: ControlEvent): Uint8Array | undefined {
  try {
    return toBinary(ControlEventSchema, event);
  } catch {
    return undefined;
  }
}
