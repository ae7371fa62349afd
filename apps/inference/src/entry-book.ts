import { type ControlEvent, ControlEventSchema, fromBinary, type RaceDefinition } from "@burnline/contract";
import { DEFAULT_PROFILE_ID } from "@burnline/fuel";
import type { EventLog, LogReader } from "@burnline/stream";

/** What concerns all cars is in every partition, so one partition tells it. */
const CONTROL_PARTITION = 0;

/** Control records read at a time. */
const READ_RECORDS_MAX = 64;

/**
 * Which profile a car has, as the race log says. It is caught up before each batch: a window fact can only exist after
 * the processor has read the definition from that same log.
 */
export class EntryBook {
  readonly #reader: LogReader;
  #definition: RaceDefinition | undefined;
  #profiles = new Map<string, string>();

  private constructor(reader: LogReader) {
    this.#reader = reader;
  }

  static async open(raceLog: EventLog, race: string): Promise<EntryBook> {
    const subjectPrefix = `race.${race}.${CONTROL_PARTITION}.ctl.`;
    return new EntryBook(await raceLog.open({ partition: CONTROL_PARTITION, subjectPrefix, after: 0 }));
  }

  async catchUp(): Promise<void> {
    for (;;) {
      const records = await this.#reader.next(READ_RECORDS_MAX, 0);
      if (records.length === 0) return;
      for (const record of records) this.#apply(record.payload);
    }
  }

  carProfileOf(car: string): string | undefined {
    if (this.#definition === undefined) return undefined;
    return this.#profiles.get(car) || this.#definition.carProfile || DEFAULT_PROFILE_ID;
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  #apply(payload: Uint8Array): void {
    let event: ControlEvent;
    try {
      event = fromBinary(ControlEventSchema, payload);
    } catch {
      // Whoever owns the log counts it; here it only means that this record defines no race.
      return;
    }
    if (event.event.case !== "raceDefinition") return;
    this.#definition = event.event.value;
    this.#profiles = new Map(this.#definition.entries.map((entry) => [entry.car, entry.carProfile]));
  }
}
