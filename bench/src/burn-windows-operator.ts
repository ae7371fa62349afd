import {
  type ControlEvent,
  ControlEventSchema,
  decodeFrame,
  FlagState,
  fromBinary,
  parseRaceSubject,
  SAMPLES_PER_FRAME_MAX,
  type TelemetryFrame,
} from "@burnline/contract";
import {
  BroadcastTimeline,
  KeyedState,
  type LogRecord,
  type OpenWindow,
  type Operator,
  type OperatorOutput,
  observeEventTime,
  observeSequence,
  TumblingWindower,
} from "@burnline/stream";
import { type CarState, createCarState, toRow, type WindowTotals } from "./burn-car.ts";
import type { BurnRow } from "./burn-checks.ts";
import { encodeJson, rowRecord } from "./burn-records.ts";
import {
  ALLOWED_LATENESS_MS,
  CARS,
  type FlagChange,
  fuelFlowKgPerS,
  OUT_OF_ORDERNESS_MS,
  SAMPLE_RATE_HZ,
  type SampleBlock,
  WINDOW_MS,
} from "./burn-windows.ts";

const OPEN_WINDOWS_MAX = 8;
const CAR_SILENT_TICKS_MAX = 48 * 3_600;
const FLAGS_KEY = "~flags";

export type EmitRow = (row: BurnRow) => void;

/** The columns of one frame and the fuel of its samples; loaded again and again, so nothing is allocated per frame. */
class ScratchBlock implements SampleBlock {
  count = 0;
  readonly eventTimeMs = new Float64Array(SAMPLES_PER_FRAME_MAX);
  readonly throttle = new Float64Array(SAMPLES_PER_FRAME_MAX);
  readonly rpm = new Float64Array(SAMPLES_PER_FRAME_MAX);
  readonly speedMps = new Float64Array(SAMPLES_PER_FRAME_MAX);

  load(frame: TelemetryFrame): void {
    this.count = frame.offsetMs.length;
    for (let index = 0; index < this.count; index++) {
      this.eventTimeMs[index] = frame.eventTimeMs + (frame.offsetMs[index] ?? 0);
      this.throttle[index] = (frame.throttleBasisPoints[index] ?? 0) / 10_000;
      this.rpm[index] = (frame.rpmTenths[index] ?? 0) / 10;
      this.speedMps[index] = (frame.speedMmPerS[index] ?? 0) / 1_000;
    }
  }
}

interface BurnInput {
  samples: SampleBlock;
  /** Of the sample at the same place. */
  readonly fuelKg: Float64Array;
}

const burnTotals = {
  create: (): WindowTotals => ({ fuelKg: 0, samples: 0, distanceM: 0, throttleSum: 0, firedKg: 0 }),
  add(totals: WindowTotals, { samples, fuelKg }: BurnInput, from: number, to: number): void {
    const { throttle, speedMps } = samples;
    let [fuel, distance, throttleSum] = [totals.fuelKg, totals.distanceM, totals.throttleSum];
    for (let index = from; index < to; index++) {
      fuel += fuelKg[index] ?? 0;
      distance += (speedMps[index] ?? 0) / SAMPLE_RATE_HZ;
      throttleSum += throttle[index] ?? 0;
    }
    totals.fuelKg = fuel;
    totals.distanceM = distance;
    totals.throttleSum = throttleSum;
    totals.samples += to - from;
  },
};

/** The job of burn-windows v1 out of the engine's own pieces, with everything that recovery needs. */
export class BurnWindowsOperator implements Operator {
  readonly schemaVersion = 1;
  readonly #cars = new KeyedState<CarState>({ keysMax: CARS, silentTicksMax: CAR_SILENT_TICKS_MAX });
  readonly #caution = new BroadcastTimeline(false);
  #isCautionChanged = false;
  readonly #scratch = new ScratchBlock();
  readonly #input: BurnInput = { samples: this.#scratch, fuelKg: new Float64Array(SAMPLES_PER_FRAME_MAX) };
  readonly #windower = new TumblingWindower<WindowTotals, BurnInput>(
    { sizeMs: WINDOW_MS, allowedLatenessMs: ALLOWED_LATENESS_MS, openWindowsMax: OPEN_WINDOWS_MAX },
    burnTotals,
  );

  process(record: LogRecord, output: OperatorOutput): void {
    const emit = (row: BurnRow) => output.emit(rowRecord(row));
    switch (parseRaceSubject(record.subject)?.kind) {
      case "tel":
        this.#onTelemetry(record.payload, emit);
        break;
      case "ctl":
        this.#onControl(fromBinary(ControlEventSchema, record.payload));
        break;
      case "tick":
        this.flush(emit);
        break;
      default:
        throw new Error(`the workload holds a foreign record: ${record.subject}`);
    }
  }

  onFrame(carId: string, sequence: number, samples: SampleBlock, emit: EmitRow): void {
    const { count, eventTimeMs } = samples;
    const lastMs = eventTimeMs[count - 1] ?? 0;
    const car = this.#cars.getOrCreate(carId, createCarState);
    if (car === undefined) throw new Error(`the workload has more than ${CARS} cars`);
    this.#cars.markHeard(carId);
    car.frames++;
    if (observeSequence(car.seen, sequence) !== "new") {
      car.duplicateFrames++;
      return;
    }
    this.#fillFuel(samples);
    // A frame cannot make itself late: it is judged by the watermark before it.
    car.lateSamples += this.#windower.add(car.windows, this.#input, eventTimeMs, 0, count, car.mark.watermarkMs);
    const emitWindow = (window: OpenWindow<WindowTotals>) => emit(toRow(carId, car, window));
    this.#windower.correct(car.windows, false, emitWindow);
    if (!observeEventTime(car.mark, lastMs, OUT_OF_ORDERNESS_MS)) return;
    this.#windower.fire(car.windows, car.mark.watermarkMs, emitWindow);
    this.#windower.close(car.windows, car.mark.watermarkMs, emitWindow);
  }

  onFlag({ atMs, caution }: Pick<FlagChange, "atMs" | "caution">): void {
    this.#caution.set(atMs, caution);
    this.#isCautionChanged = true;
  }

  /** The end of the input: what is there is all there will be. */
  flush(emit: EmitRow): void {
    for (const [carId, car] of this.#cars.entries()) {
      this.#windower.correct(car.windows, true, (window) => emit(toRow(carId, car, window)));
      this.#cars.markChanged(carId);
    }
  }

  onDataGap(): void {
    throw new Error("the workload's log has a gap");
  }

  takeChanges(): Map<string, Uint8Array | null> {
    const changes = this.#cars.takeChanges((_, state, ticks) => encodeJson({ state, ticks }));
    if (this.#isCautionChanged) changes.set(FLAGS_KEY, encodeJson(this.#caution.entries));
    this.#isCautionChanged = false;
    return changes;
  }

  restore(entries: ReadonlyMap<string, Uint8Array>): void {
    for (const [key, bytes] of entries) {
      const stored = JSON.parse(Buffer.from(bytes).toString());
      if (key === FLAGS_KEY) this.#caution.restore(stored);
      else this.#cars.restore(key, stored.state, stored.ticks);
    }
  }

  counts(): { frames: number; duplicateFrames: number; lateSamples: number } {
    const counts = { frames: 0, duplicateFrames: 0, lateSamples: 0 };
    for (const [, car] of this.#cars.entries()) {
      counts.frames += car.frames;
      counts.duplicateFrames += car.duplicateFrames;
      counts.lateSamples += car.lateSamples;
    }
    return counts;
  }

  #onTelemetry(payload: Uint8Array, emit: EmitRow): void {
    const decoded = decodeFrame(payload);
    if (!decoded.ok) throw new Error(`the workload holds a frame that is refused: ${decoded.error}`);
    const { car, sourceSequence } = decoded.value;
    this.#scratch.load(decoded.value);
    this.onFrame(car, sourceSequence, this.#scratch, emit);
  }

  #onControl({ effectiveFromMs, event }: ControlEvent): void {
    if (event.case !== "flagChanged") throw new Error(`the workload holds a foreign event: ${event.case}`);
    this.onFlag({ atMs: effectiveFromMs, caution: event.value.flag === FlagState.CAUTION });
  }

  /** By stretches of one flag: most frames have only one. */
  #fillFuel(samples: SampleBlock): void {
    const { count, eventTimeMs, throttle, rpm } = samples;
    const { fuelKg } = this.#input;
    this.#input.samples = samples;
    let index = 0;
    while (index < count) {
      const timeMs = eventTimeMs[index] ?? 0;
      const caution = this.#caution.at(timeMs);
      const changeMs = this.#caution.nextChangeMs(timeMs);
      for (; index < count && (eventTimeMs[index] ?? 0) < changeMs; index++) {
        fuelKg[index] = fuelFlowKgPerS(throttle[index] ?? 0, rpm[index] ?? 0, caution) / SAMPLE_RATE_HZ;
      }
    }
  }
}
