import type { Hello, RaceClock } from "../generated/burnline/v1/live_pb.js";

/** Round trips kept; the shortest of them says best how far apart the two clocks are. */
export const ROUND_TRIPS_MAX = 8;

/** How far the server's wall clock is ahead of ours, learnt from hello and sharpened by every pong. */
export class ServerClock {
  #helloOffsetMs = 0;
  #roundTrips: { readonly durationMs: number; readonly offsetMs: number }[] = [];

  /** A new server may have another clock: forgets the old one. Too small by the one-way time until a pong comes. */
  greet(serverTimeMs: number, receivedAtMs: number): void {
    this.#helloOffsetMs = serverTimeMs - receivedAtMs;
    this.#roundTrips = [];
  }

  /** Takes the server to have answered half way between the two. */
  answer(sentAtMs: number, serverTimeMs: number, receivedAtMs: number): void {
    const durationMs = receivedAtMs - sentAtMs;
    // A clock that was set back between the two says nothing.
    if (!(durationMs >= 0)) return;
    this.#roundTrips.push({ durationMs, offsetMs: serverTimeMs - (sentAtMs + receivedAtMs) / 2 });
    if (this.#roundTrips.length > ROUND_TRIPS_MAX) this.#roundTrips.shift();
  }

  /** Add to our wall time to get the server's. */
  get offsetMs(): number {
    let best = this.#roundTrips[0];
    for (const trip of this.#roundTrips) if (best === undefined || trip.durationMs < best.durationMs) best = trip;
    return best?.offsetMs ?? this.#helloOffsetMs;
  }
}

/**
 * Server wall time at which an event time is (or was) due; undefined for a clock that cannot run, or has not been set
 * yet: a server that has just started may greet before its race does.
 */
export function toWallMs(clock: RaceClock, eventTimeMs: number): number | undefined {
  if (!(clock.speed > 0 && clock.anchorWallMs > 0)) return undefined;
  return clock.anchorWallMs + (eventTimeMs - clock.anchorEventMs) / clock.speed;
}

/**
 * A view further ahead than this of what a server's race clock can have reached was made by another run of the race.
 * Well above the error of two wall clocks and of what is on its way.
 */
export const FUTURE_VIEW_MS_MAX = 5_000;

/**
 * True when what a page shows cannot come from the race that this server runs: a restarted server goes on where it was,
 * a race begun anew starts before it. Without this a page would wait for the new race to catch up with the old one.
 */
export function isOfOtherRun(hello: Hello, shownEventTimeMs: number): boolean {
  const wallMs = hello.clock === undefined ? undefined : toWallMs(hello.clock, shownEventTimeMs);
  return wallMs !== undefined && wallMs > hello.serverTimeMs + FUTURE_VIEW_MS_MAX;
}
