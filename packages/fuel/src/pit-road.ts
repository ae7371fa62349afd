import { STATUS_ON_PIT_ROAD } from "@burnline/contract";

/**
 * Whether a car is on pit road, from the status bit of its samples and from control events. Each visit counts once: as
 * soon as a car has ever shown the bit, the bit alone decides; until then the control events do.
 *
 *          entered (bit or event)                left (bit gone or event)
 *   track ───────────────────────▶ pit road ───────────────────────────────▶ track
 */
export interface PitRoadState {
  bitSeen: boolean;
  on: boolean;
  /** Visits by control events, oldest first, [fromMs, toMs), toMs -1 = still in. */
  visits: { fromMs: number; toMs: number }[];
  enteredMs: number;
  leftMs: number;
  /** Time stood still in the visit that runs, by the speed channel. */
  standingMs: number;
  standingSinceMs: number;
  /** A sample of this visit had a speed. */
  speedKnown: boolean;
}

/** Visits kept so that late samples find their class; at the cap the oldest is forgotten. */
const PIT_VISITS_MAX = 4;
// No pit road allows it: limits are 30 to 60 mph. A car this fast has left, whatever event got lost.
const PIT_ROAD_MM_PER_S_MAX = 40_000;
// A car slower than this stands, given the noise of a speed channel.
const STANDING_MM_PER_S_MAX = 500;

type PitSign = "none" | "entered" | "left";

export class PitRoad {
  readonly #state: PitRoadState;

  constructor(state: PitRoadState = freshState()) {
    this.#state = { ...state, visits: state.visits.map((visit) => ({ ...visit })) };
  }

  snapshot(): PitRoadState {
    return { ...this.#state, visits: this.#state.visits.map((visit) => ({ ...visit })) };
  }

  get isOn(): boolean {
    return this.#state.on;
  }

  get leftMs(): number {
    return this.#state.leftMs;
  }

  /** Time stood in the visit just left or running, in ms; undefined without a speed channel. */
  get standingMs(): number | undefined {
    return this.#state.speedKnown ? this.#state.standingMs : undefined;
  }

  /** A control event says that the car entered. fromMs: when it takes effect; saidMs: when it says it happened. */
  enterAt(fromMs: number, saidMs: number): void {
    const state = this.#state;
    const last = state.visits.at(-1);
    if (saidMs <= state.leftMs || (last !== undefined && last.toMs === -1)) return;
    state.visits.push({ fromMs, toMs: -1 });
    if (state.visits.length > PIT_VISITS_MAX) state.visits.shift();
  }

  leaveAt(toMs: number): void {
    const last = this.#state.visits.at(-1);
    if (last !== undefined && last.toMs === -1) last.toMs = Math.max(last.fromMs, toMs);
  }

  /** One sample in event-time order. */
  observe(eventTimeMs: number, statusBits: number, speedMmPerS: number): PitSign {
    const state = this.#state;
    const bit = (statusBits & STATUS_ON_PIT_ROAD) !== 0;
    // By far the most samples: nowhere near pit road.
    if (!bit && !state.on && state.visits.length === 0) return "none";
    if (bit) state.bitSeen = true;
    if (!state.bitSeen && speedMmPerS > PIT_ROAD_MM_PER_S_MAX) this.leaveAt(eventTimeMs);
    const on = state.bitSeen ? bit : this.#isVisit(eventTimeMs);
    const sign = on === state.on ? "none" : on ? "entered" : "left";
    if (sign === "entered") {
      state.enteredMs = eventTimeMs;
      state.standingMs = 0;
      state.standingSinceMs = -1;
      state.speedKnown = false;
    }
    if (sign === "left") {
      state.leftMs = eventTimeMs;
      this.leaveAt(eventTimeMs);
    }
    state.on = on;
    if (state.enteredMs >= 0) this.#time(eventTimeMs, on, speedMmPerS);
    return sign;
  }

  /** Where a late sample ran. */
  wasOnAt(eventTimeMs: number, statusBits: number): boolean {
    return (statusBits & STATUS_ON_PIT_ROAD) !== 0 || (!this.#state.bitSeen && this.#isVisit(eventTimeMs));
  }

  #isVisit(eventTimeMs: number): boolean {
    for (const visit of this.#state.visits) {
      if (eventTimeMs >= visit.fromMs && (visit.toMs === -1 || eventTimeMs < visit.toMs)) return true;
    }
    return false;
  }

  #time(eventTimeMs: number, on: boolean, speedMmPerS: number): void {
    const state = this.#state;
    if (on && speedMmPerS >= 0) state.speedKnown = true;
    const stands = on && speedMmPerS >= 0 && speedMmPerS <= STANDING_MM_PER_S_MAX;
    if (state.standingSinceMs >= 0) state.standingMs += eventTimeMs - state.standingSinceMs;
    state.standingSinceMs = stands ? eventTimeMs : -1;
  }
}

function freshState(): PitRoadState {
  return {
    bitSeen: false,
    on: false,
    visits: [],
    enteredMs: -1,
    leftMs: -1,
    standingMs: 0,
    standingSinceMs: -1,
    speedKnown: false,
  };
}
