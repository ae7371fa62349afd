import type { SimEvent } from "./events.ts";
import type { TruthRecord } from "./truth.ts";

/** What one step has to say; emptied by taking. */
export class Journal {
  #events: SimEvent[] = [];
  #truth: TruthRecord[] = [];

  event(event: SimEvent): void {
    this.#events.push(event);
  }

  truth(record: TruthRecord): void {
    this.#truth.push(record);
  }

  /** In order of time; equal times in order of writing. */
  takeEvents(): SimEvent[] {
    const events = this.#events;
    this.#events = [];
    return events.length > 1 ? events.sort((a, b) => a.timeMs - b.timeMs) : events;
  }

  takeTruth(): TruthRecord[] {
    const truth = this.#truth;
    this.#truth = [];
    return truth;
  }
}
