import type { BurnLedger } from "./burn-ledger.ts";
import type { LapLineState } from "./lap-line.ts";
import type { Lap, LedgerState } from "./ledger-state.ts";
import type { PitRoadState } from "./pit-road.ts";

/** A control event that takes effect when the samples get there. */
export interface PendingCut {
  atMs: number;
  type: "stage" | "line" | "tow";
  number: number;
}

export interface CarCourseState {
  ledger: LedgerState | null;
  line: LapLineState;
  pit: PitRoadState;
  pending: PendingCut[];
  /** The running stint has been on the track, not only on pit road. */
  hasDriven: boolean;
  stintFromMs: number;
  /** The last lap line that timing told; -1 = none. */
  timedMs: number;
  timedLapNumber: number;
  stageNumber: number;
}

/** What follows from the course, told while it is cut. */
export interface CourseListener {
  began(ledger: BurnLedger): void;
  lapCompleted(ledger: BurnLedger, lap: Lap): void;
  wasReset(): void;
  enteredPitRoad(atMs: number): void;
  /** Before the new stint begins. standingMs undefined: the car has no speed channel. */
  leftPitRoad(ledger: BurnLedger, atMs: number, standingMs: number | undefined): void;
}
