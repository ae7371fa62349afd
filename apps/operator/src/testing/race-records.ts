import {
  type ControlEvent,
  ControlEventSchema,
  create,
  FactSchema,
  type FlagState,
  fromBinary,
  MlCorrectionSchema,
  PARTITION_COUNT,
  partitionOf,
  RecordedItemSchema,
  subjects,
  TelemetryFrameSchema,
  toBinary,
} from "@burnline/contract";
import { frame } from "@burnline/contract/testing";

/** Records of a race's log, as its apps append them. */
export class RaceRecords {
  readonly #race: string;

  constructor(race: string) {
    this.#race = race;
  }

  frame(car: string, sourceSequence: number) {
    const payload = toBinary(TelemetryFrameSchema, frame({ car, sourceSequence }));
    return { partition: partitionOf(car), subject: subjects.telemetry(this.#race, partitionOf(car), car), payload };
  }

  tick(partition: number) {
    return { partition, subject: subjects.tick(this.#race, partition), payload: Uint8Array.of(8, 1) };
  }

  correction(car: string) {
    const payload = toBinary(MlCorrectionSchema, create(MlCorrectionSchema, { car, logRatioPpmP50: 7 }));
    return { partition: partitionOf(car), subject: subjects.ml(this.#race, partitionOf(car), car), payload };
  }

  /** In every partition, as ingest does it. */
  control(kind: string, event: ControlEvent["event"], partitions = PARTITION_COUNT) {
    const payload = toBinary(ControlEventSchema, create(ControlEventSchema, { schemaVersion: 1, id: kind, event }));
    return Array.from({ length: partitions }, (_, partition) => {
      return { partition, subject: subjects.control(this.#race, partition, kind), payload };
    });
  }

  flag(flag: FlagState, partitions?: number) {
    return this.control(
      "flag_changed",
      { case: "flagChanged", value: { $typeName: "burnline.v1.FlagChanged", flag } },
      partitions,
    );
  }

  definition(partitions?: number) {
    const value = { $typeName: "burnline.v1.RaceDefinition" as const, race: this.#race, name: "Daytona 500" };
    const whole = {
      scheduledLaps: 200,
      stageEndLaps: [],
      entries: [],
      powerPackage: "",
      carProfile: "generic",
      closedEntryList: false,
    };
    return this.control("race_definition", { case: "raceDefinition", value: { ...value, ...whole } }, partitions);
  }

  fact(car: string, id: string) {
    const payload = toBinary(FactSchema, create(FactSchema, { id, race: this.#race, car }));
    return { partition: 0, subject: subjects.fact(this.#race, "lap", car), payload };
  }
}

/** The items of a recording's bytes. */
export function recordedItems(bytes: Uint8Array) {
  const items = [];
  for (let at = 0; at < bytes.length; ) {
    let [length, shift] = [0, 0];
    for (let byte = 0x80; byte >= 0x80; shift += 7) {
      byte = bytes[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
    }
    items.push(fromBinary(RecordedItemSchema, bytes.subarray(at, at + length)));
    at += length;
  }
  return items;
}
