import {
  ControlEventSchema,
  encodeRecordedControl,
  encodeRecordedFrame,
  FactSchema,
  fromBinary,
  MlCorrectionSchema,
  parseFactSubject,
  parseRaceSubject,
  toJson,
} from "@burnline/contract";
import type { Series } from "./archive-manifest.ts";

/** A record of a race's log or of its facts. */
export interface ArchivedRecord {
  readonly position: number;
  readonly partition: number;
  readonly subject: string;
  readonly appendedAtMs: number;
  readonly payload: Uint8Array;
}

export interface ArchiveItem {
  readonly bytes: Uint8Array;
  /** It is what the series is about. */
  readonly isCounted: boolean;
}

/**
 * What a record is in a series of the archive; undefined when it is not in it. Ticks are left out, since a replay makes its
 * own, and so are the copies of control events that stand in every other partition.
 */
export const ITEM_OF: Readonly<Record<Series, (record: ArchivedRecord) => ArchiveItem | undefined>> = {
  recording: recordingItem,
  corrections: correctionItem,
  facts: factItem,
};

function recordingItem({ subject, partition, appendedAtMs, payload }: ArchivedRecord): ArchiveItem | undefined {
  const kind = parseRaceSubject(subject)?.kind;
  if (kind === "tel") return { bytes: encodeRecordedFrame(appendedAtMs, payload), isCounted: true };
  if (kind !== "ctl" || partition !== 0) return undefined;
  const event = decoded(() => fromBinary(ControlEventSchema, payload));
  return event === undefined ? undefined : { bytes: encodeRecordedControl(appendedAtMs, event), isCounted: false };
}

function correctionItem(record: ArchivedRecord): ArchiveItem | undefined {
  if (parseRaceSubject(record.subject)?.kind !== "ml") return undefined;
  return line(record, "correction", () => toJson(MlCorrectionSchema, fromBinary(MlCorrectionSchema, record.payload)));
}

/** Late frames and dead letters too: they belong to what can be asked about a race. */
function factItem(record: ArchivedRecord): ArchiveItem {
  if (parseFactSubject(record.subject) === undefined) return line(record, "fact", () => undefined);
  return line(record, "fact", () => toJson(FactSchema, fromBinary(FactSchema, record.payload)));
}

/** A line of JSON; what cannot be read is kept as its bytes. */
function line({ position, subject, appendedAtMs, payload }: ArchivedRecord, name: string, read: () => unknown) {
  const value = decoded(read);
  const body = value === undefined ? { payload: Buffer.from(payload).toString("base64") } : { [name]: value };
  const text = JSON.stringify({ position, subject, appendedAtMs, ...body });
  return { bytes: new TextEncoder().encode(`${text}\n`), isCounted: value !== undefined };
}

function decoded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
