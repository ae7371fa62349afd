import type { FlagState } from "@burnline/contract";
import { FlagState as Flag } from "@burnline/contract";
import type { Phase, RaceSpec } from "./race-resource.ts";

/*
 *                       all conditions              green in the log,
 *          start − warmUp   ┌─────────▶ Ready ─────── or start ──┐          checkered,          over        archived, or
 * Pending ──────────▶ WarmingUp ◀───────┘                        ▼          or scheduled end    (below)     no archive
 *    ▲                  │   └─────── green, or start ─────────▶ Racing ──────▶ Finishing ─────▶ Archiving ─────▶ Done
 *    └── postponed ─────┴──────────────────────────────────────────┴───────────────┘
 *
 * postponed: somebody edited the Race, its start is ahead again and no green flag was seen. Nothing else goes back: a clock
 * that jumps back changes no phase (except Ready, which is only as good as its conditions), and one that jumps ahead ends no
 * race, because "over" needs a feed that has been quiet, which is timed by a clock that does not jump.
 *
 * Flags count from the warm-up on: what was sent while the feed was tried out is not the race.
 *
 * | over, in Finishing                                                       | why                                      |
 * |---|---|
 * | checkered flag and 5 min without a frame                                   | the cars are off                         |
 * | end passed, green seen, flag not red, 60 min without a frame                 | nobody said checkered                    |
 * | 6 h past the end, and checkered or 60 min without a frame                    | red flag, rain, or a feed that never ends |
 * | 24 h past the end                                                        | the cap                                  |
 */

const MINUTE_MS = 60_000;
const QUIET_AFTER_CHECKERED_MS = 5 * MINUTE_MS;
const QUIET_MS = 60 * MINUTE_MS;
const OVERRUN_MS = 6 * 60 * MINUTE_MS;
/** Whatever the log says, warm capacity is given back then. */
const OVERRUN_MS_MAX = 24 * 60 * MINUTE_MS;

/** A flag of the race log. */
export interface FlagSeen {
  readonly flag: FlagState;
  /** By the clock of NATS. */
  readonly appendedAtMs: number;
}

/** What the race's log shows. */
export interface FeedSeen {
  /** Frames that the log holds. */
  readonly frames: number;
  readonly cars: number;
  /** Since the number of frames last changed, or since somebody looks; by a clock that does not jump. */
  readonly quietMs: number;
  /** In order. */
  readonly flags: readonly FlagSeen[];
}

/** All that a phase can depend on, as yes and no. */
export interface PhaseFacts {
  readonly isWarmUpDue: boolean;
  readonly isStartDue: boolean;
  readonly isEndDue: boolean;
  readonly isEdited: boolean;
  readonly isReady: boolean;
  readonly isGreenSeen: boolean;
  readonly isCheckeredSeen: boolean;
  readonly isOver: boolean;
  readonly isArchiveOver: boolean;
}

/** The next phase on the way, or the same. */
export function nextPhase(phase: Phase, facts: PhaseFacts): Phase {
  const isPostponed = facts.isEdited && !facts.isStartDue && !facts.isGreenSeen;
  const isOn = facts.isGreenSeen || facts.isStartDue;
  switch (phase) {
    case "Pending":
      return facts.isWarmUpDue ? "WarmingUp" : "Pending";
    case "WarmingUp":
      if (isPostponed && !facts.isWarmUpDue) return "Pending";
      if (isOn) return "Racing";
      return facts.isReady ? "Ready" : "WarmingUp";
    case "Ready":
      if (isPostponed && !facts.isWarmUpDue) return "Pending";
      if (isOn) return "Racing";
      return facts.isReady ? "Ready" : "WarmingUp";
    case "Racing":
      if (isPostponed) return facts.isWarmUpDue ? "WarmingUp" : "Pending";
      return facts.isCheckeredSeen || facts.isEndDue ? "Finishing" : "Racing";
    case "Finishing":
      if (isPostponed) return facts.isWarmUpDue ? "WarmingUp" : "Pending";
      return facts.isOver ? "Archiving" : "Finishing";
    case "Archiving":
      return facts.isArchiveOver ? "Done" : "Archiving";
    case "Done":
      return "Done";
  }
}

/** From the warm-up to the end of the race nothing is scaled in. */
export function isFrozen(phase: Phase): boolean {
  return phase === "WarmingUp" || phase === "Ready" || phase === "Racing" || phase === "Finishing";
}

export function isBeforeArchive(phase: Phase): boolean {
  return phase === "Pending" || isFrozen(phase);
}

export function warmUpMs({ startMs, warmUpMinutes }: RaceSpec): number {
  return startMs - warmUpMinutes * MINUTE_MS;
}

/** What the log and the clock say about a race; whoever knows its conditions adds the rest. @param feed undefined: unknown @param flagsFromMs earlier ones are no race's */
export function factsOf(
  spec: RaceSpec,
  feed: FeedSeen | undefined,
  nowMs: number,
  flagsFromMs = warmUpMs(spec),
): Omit<PhaseFacts, "isEdited" | "isReady" | "isArchiveOver"> {
  const endMs = spec.startMs + spec.durationMinutes * MINUTE_MS;
  const flags = (feed?.flags ?? []).filter(({ appendedAtMs }) => appendedAtMs >= flagsFromMs).map(({ flag }) => flag);
  const isGreenSeen = flags.includes(Flag.GREEN);
  // A checkered flag of a practice would come before any green one of the race.
  const isCheckeredSeen = flags.lastIndexOf(Flag.CHECKERED) > flags.indexOf(Flag.GREEN) && isGreenSeen;
  const quietMs = feed?.quietMs ?? 0;
  const isStopped = flags.at(-1) === Flag.RED || !isGreenSeen;
  const isOver =
    (isCheckeredSeen && quietMs >= QUIET_AFTER_CHECKERED_MS) ||
    (nowMs >= endMs && quietMs >= QUIET_MS && !isStopped) ||
    (nowMs >= endMs + OVERRUN_MS && (isCheckeredSeen || quietMs >= QUIET_MS)) ||
    nowMs >= endMs + OVERRUN_MS_MAX;
  return {
    isWarmUpDue: nowMs >= warmUpMs(spec),
    isStartDue: nowMs >= spec.startMs,
    isEndDue: nowMs >= endMs,
    ...{ isGreenSeen, isCheckeredSeen, isOver },
  };
}
