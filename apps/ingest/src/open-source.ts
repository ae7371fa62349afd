import { basename, resolve } from "node:path";
import type { RaceDefinition } from "@burnline/contract";
import { isCarId } from "@burnline/contract";
import type { Clock } from "@burnline/std";
import { openCsvSource } from "./csv-source.ts";
import { EVENTS_FILE_BYTES_MAX, parseEventsFile, withEvents } from "./events-file.ts";
import { FileAccess } from "./file-access.ts";
import { openIbtSource, type RecordedFileOptions } from "./ibt-source.ts";
import { ibtTwin } from "./ibt-twin.ts";
import { PushSource } from "./push-source.ts";
import { parseRaceDefinition, RACE_FILE_BYTES_MAX } from "./race-definition-file.ts";
import { openRecordingSource } from "./recording-file.ts";
import { CAR_ID_RULE } from "./recording-race.ts";
import { createSimSource, type SimSourceOptions, truthLine } from "./sim-source.ts";
import { type Source, SourceError } from "./source.ts";
import { parseSourceAddress, type SourceAddress } from "./source-address.ts";
import { openTruthFile } from "./truth-file.ts";

export interface OpenSourceOptions {
  /** Only the push source asks it what time it is. */
  readonly clock: Clock;
  /** Control events to put beside a recording. */
  readonly eventsFile?: string;
  /** Race definition of a push source. */
  readonly raceFile?: string;
  /** Race id of a push source without a race file; default "live". */
  readonly raceId?: string;
  /** Options of .ibt and CSV files. */
  readonly recorded?: Omit<RecordedFileOptions, "fileName">;
  /** Options of the simulator. A resumed simulation gets the startMs that its log begins with (`findLoggedRace`). */
  readonly sim?: SimSourceOptions;
  /** The caller reads NATS and fills the source from it (`NatsSource`). */
  readonly hasNats?: boolean;
  /** Where the simulator writes what only it knows. */
  readonly truthFile?: string;
}

/**
 * The source at an address such as "sim" or "ibt:FILE". Close it when done.
 * @throws SourceError with one sentence for the user.
 */
export async function openSource(address: string, options: OpenSourceOptions): Promise<Source> {
  const parsed = parseSourceAddress(address);
  if (!parsed.ok) throw new SourceError(parsed.error);
  const isLive = parsed.value.type === "push" || parsed.value.type === "nats";
  if (options.eventsFile !== undefined && isLive) {
    throw new SourceError(
      "An events file needs a recording to stand beside; send the events as the telemetry is sent, instead.",
    );
  }
  const source = await openAddress(parsed.value, options);
  if (options.eventsFile === undefined) return source;
  try {
    const events = await readEvents(options.eventsFile, source);
    return withEvents(source, events);
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

async function openAddress(address: SourceAddress, options: OpenSourceOptions): Promise<Source> {
  switch (address.type) {
    case "sim":
      return openSimSource(options);
    case "nats":
    case "push":
      if (address.type === "nats" && options.hasNats !== true) {
        throw new SourceError("nats:SUBJECT is read by the cluster form; start that, or use push.");
      }
      return new PushSource({
        clock: options.clock,
        ...(address.type === "nats" ? { description: `NATS, subject ${address.subject}` } : {}),
        ...(options.raceFile === undefined ? {} : { race: await readRace(options.raceFile) }),
        ...(options.raceId === undefined ? {} : { raceId: options.raceId }),
      });
    default:
      return openFile(address.type, address.file, options.recorded ?? {});
  }
}

function openSimSource({ sim, truthFile }: OpenSourceOptions): Source {
  if (truthFile === undefined) return createSimSource(sim);
  const truth = openTruthFile(truthFile);
  return {
    ...createSimSource({ ...sim, onTruth: (record) => truth.write(truthLine(record)) }),
    close: async () => truth.close(),
  };
}

async function openFile(
  type: "ibt" | "csv" | "recording",
  path: string,
  recorded: Omit<RecordedFileOptions, "fileName">,
): Promise<Source> {
  if (recorded.car !== undefined && !isCarId(recorded.car)) {
    throw new SourceError(`The car id ${JSON.stringify(recorded.car.slice(0, 40))} cannot be used: ${CAR_ID_RULE}.`);
  }
  const access = await FileAccess.open(path);
  const fileName = basename(path);
  try {
    const twin = type === "csv" ? await ibtTwin(path, recorded) : {};
    const source = await openByType(type, access, { ...twin, ...recorded, fileName });
    return { ...source, filePath: resolve(path), close: () => access.close() };
  } catch (error) {
    await access.close();
    throw error;
  }
}

function openByType(
  type: "ibt" | "csv" | "recording",
  access: FileAccess,
  options: RecordedFileOptions,
): Promise<Source> {
  switch (type) {
    case "ibt":
      return openIbtSource(access, options);
    case "csv":
      return openCsvSource(access, options);
    case "recording":
      return openRecordingSource(access, options.fileName);
  }
}

async function readEvents(path: string, source: Source) {
  const text = await readText(path, EVENTS_FILE_BYTES_MAX);
  const events = parseEventsFile(text, source);
  if (!events.ok) throw new SourceError(`${basename(path)}: ${events.error}.`);
  return events.value;
}

async function readRace(path: string): Promise<RaceDefinition> {
  const race = parseRaceDefinition(await readText(path, RACE_FILE_BYTES_MAX));
  if (!race.ok) throw new SourceError(`${basename(path)}: ${race.error}.`);
  return race.value;
}

async function readText(path: string, bytesMax: number): Promise<string> {
  const access = await FileAccess.open(path);
  try {
    if (access.size > bytesMax) {
      throw new SourceError(
        `${basename(path)}: the file has ${access.size} bytes and at most ${bytesMax} are read; shorten it.`,
      );
    }
    return new TextDecoder().decode(await access.read(0, access.size));
  } finally {
    await access.close();
  }
}
