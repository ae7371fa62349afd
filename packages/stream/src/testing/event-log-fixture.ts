import type { EventLog, LogPosition } from "../ports.ts";

export interface EventLogFixture {
  readonly log: EventLog;
  /** The same data through a new client, as after a restart of the process; the former log is used no more. */
  reopen(): Promise<EventLog>;
  /** Forgets the records in front of a position, as retention does. */
  trim(log: EventLog, before: LogPosition): Promise<void>;
  /** How long after an append a waiting reader of the same process may get it, ms. */
  readonly wakeUpMsMax: number;
  close(): Promise<void>;
}
