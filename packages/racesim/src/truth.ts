/**
 * What only the simulator knows. These records go to a truth sink of their own and never into telemetry or events.
 * Masses are whole micrograms divided by 1e9, so that sums can be checked exactly: Math.round(kg * 1e9).
 */
export type TruthRecord = CarTruthRecord | LapTruthRecord | FillTruthRecord | WindowTruthRecord | RunOutTruthRecord;

/** Once per car, with the first step: the hidden properties. */
export interface CarTruthRecord {
  readonly type: "car";
  readonly timeMs: number;
  readonly car: string;
  readonly startFuelKg: number;
  readonly usableFuelLitres: number;
  readonly fuelKgPerLitre: number;
  readonly airScale: number;
  readonly indicatedEfficiency: number;
  readonly frictionScale: number;
  readonly fullLoadLambda: number;
  /** Share of the fuel that the engine control cuts on overrun. */
  readonly overrunCutShare: number;
  readonly throttleGain: number;
  readonly throttleOffset: number;
}

/** One per car and lap, at the line. Lap 0 is the way from the grid to the line. */
export interface LapTruthRecord {
  readonly type: "lap";
  readonly timeMs: number;
  readonly car: string;
  readonly lapNumber: number;
  readonly startMs: number;
  readonly burnKg: number;
  readonly levelKg: number;
  readonly totalBurnKg: number;
  readonly totalFilledKg: number;
  /** Parts of the lap in ms and kg that were run under caution (or red) and on pit road; exact to one step of 25 ms. */
  readonly cautionMs: number;
  readonly cautionBurnKg: number;
  readonly pitRoadMs: number;
  readonly pitRoadBurnKg: number;
  /** Mean over the lap: 0 = flat out, 1 = saving as much as the driver can. */
  readonly savingLevel: number;
}

/** When the fuelling ends. */
export interface FillTruthRecord {
  readonly type: "fill";
  readonly timeMs: number;
  readonly car: string;
  readonly filledKg: number;
  readonly filledLitres: number;
  readonly full: boolean;
  readonly levelKg: number;
  readonly totalBurnKg: number;
}

/** Only with the option truthWindows: the burn of one second, aligned to whole seconds of event time. */
export interface WindowTruthRecord {
  readonly type: "window";
  readonly timeMs: number;
  readonly car: string;
  readonly startMs: number;
  readonly burnKg: number;
}

export interface RunOutTruthRecord {
  readonly type: "runOut";
  readonly timeMs: number;
  readonly car: string;
  readonly lapNumber: number;
}

/** One line of the truth file (NDJSON), ending in a line feed. */
export function truthLine(record: TruthRecord): string {
  return `${JSON.stringify(record)}\n`;
}
