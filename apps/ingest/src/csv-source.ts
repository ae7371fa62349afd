import { Readable } from "node:stream";
import { LAP_NUMBER_MAX, RPM_MAX, SAMPLE_RATE_HZ_MAX, SAMPLE_RATE_HZ_MIN, SPEED_MPS_MAX } from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import { CsvError, parse } from "csv-parse";
import type { RecordedFileOptions } from "./ibt-source.ts";
import { type RandomAccess, readChunks } from "./random-access.ts";
import { RECORDING_EPOCH_MS, RecordedCar, SESSION_TIME_S_MAX, type TelemetryRow } from "./recorded-car.ts";
import { DEFAULT_CAR, DEFAULT_CAR_PROFILE, firstFrameMs, recordedRace } from "./recording-race.ts";
import { type Source, SourceError, type SourceItem } from "./source.ts";

/** The columns, exactly these, in any order; with the range that a cell may have. */
const COLUMN_RANGES = {
  t_s: [0, SESSION_TIME_S_MAX],
  throttle: [-0.01, 1.01],
  brake: [-0.01, 1.01],
  rpm: [-1, RPM_MAX],
  gear: [-2, 32],
  speed_mps: [-SPEED_MPS_MAX, SPEED_MPS_MAX],
  lap: [-1, LAP_NUMBER_MAX],
  lap_dist_pct: [-1, 2],
  lat: [-90, 90],
  lon: [-180, 180],
  on_pit_road: [0, 1],
  session_flags: [-0x8000_0000, 0xffff_ffff],
} as const satisfies Record<string, readonly [number, number]>;

type ColumnName = keyof typeof COLUMN_RANGES;
const COLUMN_NAMES = Object.keys(COLUMN_RANGES) as ColumnName[];

/** Longer lines are refused: twelve numbers have no need for them. */
const LINE_BYTES_MAX = 4096;

/** Rows looked at to find the sample rate before the first one is passed on. */
const RATE_ROWS = 240;

/**
 * A Source over a CSV file with the columns of `*.inputs.csv`: the sensor-free channels of a recording.
 * @throws SourceError
 */
export async function openCsvSource(access: RandomAccess, options: RecordedFileOptions): Promise<Source> {
  if (access.size === 0)
    throw new SourceError(`${options.fileName}: the file is empty; write its header line and its rows.`);
  const car = options.car ?? DEFAULT_CAR;
  const sampleRateHz = await findSampleRate(access, options.fileName);
  const lengthM = options.trackLengthM ?? 0;
  const items = () =>
    itemsOf(access, options.fileName, { car, sampleRateHz, epochMs: options.epochMs ?? RECORDING_EPOCH_MS });
  return {
    description: `${options.fileName}: ${sampleRateHz} Hz`,
    race: recordedRace({
      fileName: options.fileName,
      car,
      carProfile: options.carProfile ?? DEFAULT_CAR_PROFILE,
      track: { id: "unknown", name: "Unknown track", lengthM },
    }),
    startMs: await firstFrameMs(options.fileName, items()),
    live: false,
    items,
  };
}

async function* itemsOf(
  access: RandomAccess,
  fileName: string,
  options: { readonly car: string; readonly sampleRateHz: number; readonly epochMs: number },
): AsyncGenerator<SourceItem> {
  const car = new RecordedCar(options);
  for await (const row of readRows(access, fileName)) yield* car.accept(row);
  yield* car.end();
}

/** Mean rate of the first rows, gaps left out; a whole number when it is nearly one. */
async function findSampleRate(access: RandomAccess, fileName: string): Promise<number> {
  const stepsS: number[] = [];
  let previousS: number | undefined;
  for await (const { timeS } of readRows(access, fileName)) {
    if (previousS !== undefined && timeS > previousS) stepsS.push(timeS - previousS);
    previousS = timeS;
    if (stepsS.length === RATE_ROWS) break;
  }
  const medianS = stepsS.toSorted((a, b) => a - b)[Math.floor(stepsS.length / 2)];
  if (medianS === undefined) {
    throw new SourceError(
      `${fileName}: the file holds fewer than two rows at different times; add the rows of the recording.`,
    );
  }
  const steadyS = stepsS.filter((stepS) => stepS < 1.5 * medianS);
  const rateHz = steadyS.length / steadyS.reduce((sum, stepS) => sum + stepS, 0);
  const wholeHz = Math.round(rateHz);
  const sampleRateHz = Math.abs(rateHz - wholeHz) < 0.02 * rateHz ? wholeHz : rateHz;
  if (sampleRateHz >= SAMPLE_RATE_HZ_MIN && sampleRateHz <= SAMPLE_RATE_HZ_MAX) return sampleRateHz;
  throw new SourceError(
    `${fileName}: the rows come at ${rateHz.toPrecision(3)} Hz by the column t_s, which must be between ${SAMPLE_RATE_HZ_MIN} and ${SAMPLE_RATE_HZ_MAX}; give t_s in seconds.`,
  );
}

/** The rows in order, read in chunks. @throws SourceError that names the line. */
async function* readRows(access: RandomAccess, fileName: string): AsyncGenerator<TelemetryRow> {
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    trim: true,
    relax_column_count: true,
    max_record_size: LINE_BYTES_MAX,
  });
  const bytes = Readable.from(readChunks(access), { objectMode: false });
  // pipe() passes no errors on.
  bytes.on("error", (cause) => parser.destroy(cause));
  bytes.pipe(parser);
  let columns: readonly ColumnName[] | undefined;
  let previousTimeS = -1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (columns === undefined) {
        const header = parseHeader(record);
        if (!header.ok) throw new SourceError(`${fileName}: ${header.error}.`);
        columns = header.value;
        continue;
      }
      const row = parseRow(record, columns);
      if (!row.ok) throw new SourceError(`${fileName}, line ${info.lines}: ${row.error}.`);
      if (row.value.timeS < previousTimeS) {
        throw new SourceError(
          `${fileName}, line ${info.lines}: t_s goes back from ${previousTimeS} to ${row.value.timeS}; sort the rows by time or split the file there.`,
        );
      }
      previousTimeS = row.value.timeS;
      yield row.value;
    }
  } catch (cause) {
    if (cause instanceof CsvError) {
      throw new SourceError(
        `${fileName}, line ${csvErrorLine(cause)}: this is no CSV (${cause.code}); write plain numbers separated by commas.`,
        { cause },
      );
    }
    throw cause;
  } finally {
    bytes.destroy();
    parser.destroy();
  }
}

function csvErrorLine(error: CsvError): string {
  const lines: unknown = error.lines;
  return typeof lines === "number" ? String(lines) : "unknown";
}

function parseHeader(cells: readonly string[]): Result<readonly ColumnName[], string> {
  const missing = COLUMN_NAMES.filter((name) => !cells.includes(name));
  if (missing.length > 0) {
    return err(
      `the header line lacks the column ${missing.join(", ")}; it must have exactly ${COLUMN_NAMES.join(",")}`,
    );
  }
  const foreign = cells.find((cell) => !Object.hasOwn(COLUMN_RANGES, cell));
  if (foreign !== undefined || cells.length !== COLUMN_NAMES.length) {
    const what =
      foreign === undefined ? "names a column twice" : `has the unknown column ${JSON.stringify(foreign.slice(0, 40))}`;
    return err(`the header line ${what}; it must have exactly ${COLUMN_NAMES.join(",")}`);
  }
  return ok(cells as ColumnName[]);
}

/** A decimal number; unlike Number(), not the empty text, hexadecimal or Infinity. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

function parseRow(cells: readonly string[], columns: readonly ColumnName[]): Result<TelemetryRow, string> {
  if (cells.length !== columns.length) {
    return err(`the line has ${cells.length} cells instead of ${columns.length}; complete or remove it`);
  }
  const values: Partial<Record<ColumnName, number>> = {};
  for (const [index, name] of columns.entries()) {
    const cell = cells[index] ?? "";
    if (!NUMBER.test(cell))
      return err(`${name} is ${JSON.stringify(cell.slice(0, 40))}, which is not a number; correct or remove the line`);
    const value = Number(cell);
    const [min, max] = COLUMN_RANGES[name];
    if (!(value >= min && value <= max))
      return err(`${name} is ${value}, outside ${min} to ${max}; correct or remove the line`);
    values[name] = value;
  }
  const value = (name: ColumnName) => values[name] ?? 0;
  return ok({
    timeS: value("t_s"),
    throttle: value("throttle"),
    brake: value("brake"),
    rpm: value("rpm"),
    gear: Math.round(value("gear")),
    speedMps: value("speed_mps"),
    lap: Math.round(value("lap")),
    lapFraction: value("lap_dist_pct"),
    onPitRoad: value("on_pit_road") !== 0,
    onTrack: true,
    sessionFlags: value("session_flags"),
    latDeg: value("lat"),
    lonDeg: value("lon"),
  });
}
