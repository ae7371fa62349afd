import { type IbtFile, openIbtFile } from "./ibt-file.ts";
import type { RandomAccess } from "./random-access.ts";
import { RECORDING_EPOCH_MS, RecordedCar, type TelemetryRow } from "./recorded-car.ts";
import { DEFAULT_CAR, DEFAULT_CAR_PROFILE, firstFrameMs, recordedRace } from "./recording-race.ts";
import { type Source, SourceError, type SourceItem } from "./source.ts";

/** Options of a recorded file of one car. */
export interface RecordedFileOptions {
  /** File name without its folder, for messages and the race id. */
  readonly fileName: string;
  /** Default "1". */
  readonly car?: string;
  /** Overrides the car that the file names; default: the file's CarPath, else "generic". */
  readonly carProfile?: string;
  /** Profiles that the caller knows; a CarPath that is not among them becomes "generic". Omitted: passed on as it is. */
  readonly knownCarProfiles?: ReadonlySet<string>;
  /** Overrides the track length that the file names. */
  readonly trackLengthM?: number;
  /** Event time of second 0 of the session clock; default RECORDING_EPOCH_MS. */
  readonly epochMs?: number;
}

/**
 * A Source over an .ibt file. Reads only what a car without a fuel sensor would send: of the file's channels those
 * listed in `rowReader`, and never FuelLevel or FuelUsePerHour.
 * @throws SourceError
 */
export async function openIbtSource(access: RandomAccess, options: RecordedFileOptions): Promise<Source> {
  const opened = await openIbtFile(access);
  if (!opened.ok) throw new SourceError(`${options.fileName}: ${opened.error}.`);
  const file = opened.value;
  const readRow = rowReader(file);
  if (readRow === undefined) {
    throw new SourceError(
      `${options.fileName}: the file has no Throttle channel, without which nothing can be said about fuel; record it with the simulator's standard telemetry.`,
    );
  }
  const epochMs = options.epochMs ?? RECORDING_EPOCH_MS;
  const { session } = file;
  const race = recordedRace({
    fileName: options.fileName,
    car: options.car ?? DEFAULT_CAR,
    carProfile: options.carProfile ?? profileOf(session.carPath, options.knownCarProfiles),
    track: {
      id: session.trackId ?? "unknown",
      name: session.trackName ?? session.trackId ?? "Unknown track",
      lengthM: options.trackLengthM ?? session.trackLengthM ?? 0,
    },
  });
  const carOptions = { car: options.car ?? DEFAULT_CAR, sampleRateHz: file.tickRateHz, epochMs };
  const items = () => itemsOf(file, readRow, carOptions);
  return {
    description: `${options.fileName}: ${session.carPath ?? "unknown car"}, ${race.track?.name ?? ""}, ${file.recordCount} records at ${file.tickRateHz} Hz`,
    race,
    startMs: await firstFrameMs(options.fileName, items()),
    live: false,
    items,
  };
}

type RowReader = (record: DataView, index: number) => TelemetryRow;

function rowReader(file: IbtFile): RowReader | undefined {
  const throttle = file.channel("Throttle");
  if (throttle === undefined) return undefined;
  const time = file.channel("SessionTime");
  const brake = file.channel("Brake");
  const rpm = file.channel("RPM");
  const gear = file.channel("Gear");
  const speed = file.channel("Speed");
  const lap = file.channel("Lap");
  const lapFraction = file.channel("LapDistPct");
  const onPitRoad = file.channel("OnPitRoad");
  const onTrack = file.channel("IsOnTrack");
  const sessionFlags = file.channel("SessionFlags");
  const lat = file.channel("Lat");
  const lon = file.channel("Lon");
  return (record, index) => ({
    timeS: time === undefined ? index / file.tickRateHz : time(record),
    throttle: throttle(record),
    brake: brake?.(record),
    rpm: rpm?.(record),
    gear: gear?.(record),
    speedMps: speed?.(record),
    lap: lap?.(record),
    lapFraction: lapFraction?.(record),
    onPitRoad: onPitRoad !== undefined && onPitRoad(record) !== 0,
    onTrack: onTrack === undefined || onTrack(record) !== 0,
    sessionFlags: sessionFlags?.(record),
    latDeg: lat?.(record),
    lonDeg: lon?.(record),
  });
}

async function* itemsOf(
  file: IbtFile,
  readRow: RowReader,
  options: { readonly car: string; readonly sampleRateHz: number; readonly epochMs: number },
): AsyncGenerator<SourceItem> {
  const car = new RecordedCar(options);
  let index = 0;
  let arrivalMs = options.epochMs;
  for await (const record of file.records()) {
    for (const item of car.accept(readRow(record, index++))) {
      arrivalMs = item.arrivalMs;
      yield item;
    }
  }
  for (const item of car.end()) {
    arrivalMs = item.arrivalMs;
    yield item;
  }
  const missing = Math.max(file.missingRecordCount + (file.recordCount - index), file.hasPartialRecord ? 1 : 0);
  if (missing > 0) yield { type: "skipped", arrivalMs, reason: "truncated-tail", count: missing };
}

export function profileOf(carPath: string | undefined, known: ReadonlySet<string> | undefined): string {
  if (carPath === undefined) return DEFAULT_CAR_PROFILE;
  return known === undefined || known.has(carPath) ? carPath : DEFAULT_CAR_PROFILE;
}
