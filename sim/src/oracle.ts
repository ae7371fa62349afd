import { type ControlEvent, ControlEventSchema, decodeFrame, fromBinary, parseRaceSubject } from "@burnline/contract";
import { BurnModel, type CarProfile, fillBurn, SampleColumns } from "@burnline/fuel";
import { ALLOWED_LATENESS_MS, OUT_OF_ORDERNESS_MS, RaceState, WINDOW_MS } from "@burnline/processor";
import type { LogRecord } from "@burnline/stream";

export interface OracleTotals {
  samples: number;
  lateSamples: number;
  duplicateFrames: number;
  burnUg: number;
}

/**
 * What the totals have to be, computed in one plain loop over the log with none of the engine: a set for duplicates, a
 * number for the watermark, one sum per car. Excluded on purpose: windows, laps, revisions, order of release; they may
 * not change a total. The burn formula and the flag reducer are the product's own, since sums are what is in question.
 * Flags have to be known before the samples they concern, as the simulated race control does.
 */
export function oracleTotals(race: string, records: readonly LogRecord[]): Map<string, OracleTotals> {
  const raceState = new RaceState(race);
  const totals = new Map<string, OracleTotals>();
  const cars = new Map<string, { seen: Set<number>; maxMs: number; watermarkMs: number; silent: number }>();
  const columns = new SampleColumns();
  for (const record of records) {
    const kind = parseRaceSubject(record.subject)?.kind;
    if (kind === "ctl") applyControl(raceState, record);
    if (kind === "tick") {
      for (const car of cars.values()) if (++car.silent === 2) car.watermarkMs = Math.max(car.watermarkMs, car.maxMs);
    }
    if (kind !== "tel") continue;
    const decoded = decodeFrame(record.payload);
    if (!decoded.ok) continue;
    const frame = decoded.value;
    const car = cars.get(frame.car) ?? { seen: new Set(), maxMs: -1, watermarkMs: -1, silent: 0 };
    cars.set(frame.car, car);
    const total = totals.get(frame.car) ?? { samples: 0, lateSamples: 0, duplicateFrames: 0, burnUg: 0 };
    totals.set(frame.car, total);
    if (car.seen.has(frame.sourceSequence)) {
      total.duplicateFrames++;
      continue;
    }
    car.seen.add(frame.sourceSequence);
    car.silent = 0;
    columns.load(frame);
    for (let index = 0; index < columns.count; index++) {
      columns.regime[index] = raceState.regimes.at(columns.eventTimeMs[index] ?? 0);
    }
    fillBurn(new BurnModel(profileOf(raceState, frame.car)), columns);
    for (let index = 0; index < columns.count; index++) {
      const eventTimeMs = columns.eventTimeMs[index] ?? 0;
      const windowEndMs = eventTimeMs - (eventTimeMs % WINDOW_MS) + WINDOW_MS;
      total.samples++;
      if (car.watermarkMs >= windowEndMs + ALLOWED_LATENESS_MS) total.lateSamples++;
      else total.burnUg += columns.burnUg[index] ?? 0;
    }
    car.maxMs = Math.max(car.maxMs, columns.eventTimeMs[columns.count - 1] ?? 0);
    car.watermarkMs = Math.max(car.watermarkMs, car.maxMs - OUT_OF_ORDERNESS_MS);
  }
  return totals;
}

function applyControl(raceState: RaceState, record: LogRecord): void {
  let event: ControlEvent;
  try {
    event = fromBinary(ControlEventSchema, record.payload);
  } catch {
    return;
  }
  if (!raceState.accept(event)) return;
  if (event.event.case === "raceDefinition") raceState.definition = event.event.value;
  if (event.event.case === "flagChanged") raceState.setFlag(event.event.value.flag, event.effectiveFromMs);
}

function profileOf(raceState: RaceState, car: string): CarProfile {
  return raceState.carContext(car).profile;
}
