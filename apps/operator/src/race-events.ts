import { FAULTS } from "./race-conditions.ts";
import { CONDITIONS, type Phase, type Race, type RaceStatus } from "./race-resource.ts";

/** Something that a person who looks at the Race should read. */
export interface RaceEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

const PHASE_NOTES: Readonly<Record<Phase, string>> = {
  Pending: "The warm-up has not begun",
  WarmingUp: "Capacity is being made ready, and nothing is scaled in from now on",
  Ready: "Everything is there that the race needs",
  Racing: "The race is on",
  Finishing: "The race has ended or is due to; nothing is scaled in until its feed is quiet",
  Archiving: "The race is over: capacity is given back, its log goes to the archive",
  Done: "All is done; the streams stay until another race needs their room",
};

/** Events of what has changed between the status that was written and the new one; none when nothing did. */
export function eventsOf({ status: before }: Race, after: RaceStatus): readonly RaceEvent[] {
  const events: RaceEvent[] = [];
  if (after.phase !== before?.phase)
    events.push({ type: "Normal", reason: after.phase, action: "ChangePhase", note: PHASE_NOTES[after.phase] });
  for (const type of CONDITIONS) {
    const was = before?.conditions.find((condition) => condition.type === type);
    const is = after.conditions.find((condition) => condition.type === type);
    if (is === undefined || (was?.status === is.status && was.reason === is.reason)) continue;
    const isFault = FAULTS.has(is.reason);
    const isRecovery = is.status === "True" && was !== undefined && was.status !== "True";
    if (!isFault && !isRecovery) continue;
    // RaceReady repeats what another condition says.
    if (isFault && type === "RaceReady") continue;
    events.push({ type: isFault ? "Warning" : "Normal", reason: is.reason, action: type, note: is.message });
  }
  return events;
}
