/** One load on a race: who sends what, who looks on, for how long, and what has to hold. Files in `profiles/`. */
export interface Profile {
  readonly name: string;
  /** One sentence: what this load shows. */
  readonly purpose: string;
  /** For how long clients look and what they see is judged, after the warm-up. */
  readonly seconds: number;
  /** The chain fills (first windows, first snapshots); nothing is judged yet. */
  readonly warmUpSeconds: number;
  readonly cars: number;
  /** Samples per second and car. */
  readonly rateHz: number;
  /** Push connections; the cars are dealt out over them. */
  readonly feeds: number;
  readonly lapSeconds: number;
  readonly clients: ClientCounts;
  /** The storming clients leave and come back together this often. */
  readonly stormEverySeconds: number;
  /** A stalled client reads nothing for this long. */
  readonly stallSeconds: number;
  readonly script: readonly ScriptedEvent[];
  readonly limits: Limits;
}

export interface ClientCounts {
  /** Follow the board, the alerts and one car, read everything. */
  readonly dashboards: number;
  /** Follow one car and read it; the board comes too, as for an on-air ticker. */
  readonly graphics: number;
  /** Dashboards that leave and come back, all at the same moment. */
  readonly storming: number;
  /** Read with pauses, more slowly than the feed sends. */
  readonly tardy: number;
  /** Do not read at all for a while. */
  readonly stalled: number;
}

/** What race control says, seconds after the start. */
export interface ScriptedEvent {
  readonly atSeconds: number;
  /** "pitStops": every car comes in, is filled and leaves, one car after the other. */
  readonly what: "green" | "caution" | "pitStops";
}

/** Thresholds; the run fails beyond them. */
export interface Limits {
  readonly latencyMsP95Max: number;
  readonly latencyMsP99Max: number;
  /** A car whose view stands still longer than this has a gap. */
  readonly gapMsMax: number;
  readonly gapsMax: number;
  readonly dropsMax: number;
  readonly samplesMissingMax: number;
  readonly reconnectMsP95Max: number;
  /** Connections lost though their client reads and its process runs; where processes are killed, as many as that costs. */
  readonly unexpectedClosesMax: number;
}

/** A feed sends one message with a frame per car this often. */
export const FRAME_MS = 100;
