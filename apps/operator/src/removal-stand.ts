import type { Observed, PlanSettings } from "./race-plan.ts";
import type { ConditionType, Phase, Race } from "./race-resource.ts";

export interface RemovalInput {
  readonly race: Race;
  readonly observed: Observed;
  readonly settings: PlanSettings;
  readonly phase: Phase;
}

/** Why a race's streams stay; due: they are to go. */
export type RemovalStand = "removed" | "notYet" | "kept" | "notArchived" | "inUse" | "roomNotNeeded" | "due";

/**
 * Streams reserve what they may grow to, so those of former races leave no room for the next one. They go only when all of
 * this holds: the race is over, its archive is done (or its Race says that it needs none), no release works on them, and
 * another race wants the room. Of what the archive holds, the removal itself makes sure (race-removal.ts).
 */
export function removalStand(input: RemovalInput): RemovalStand {
  const { race, observed, phase } = input;
  if (isTrueOf(race, "StreamsRemoved") || observed.removal.state === "done") return "removed";
  if (phase !== "Done") return "notYet";
  if (race.spec.removeStreams === "Never") return "kept";
  if (race.spec.removeStreams === "AfterArchive" && !hasArchive(input)) return "notArchived";
  if (Object.keys(observed.apps).length > 0) return "inUse";
  return observed.isRoomWanted ? "due" : "roomNotNeeded";
}

/** As the Race itself says: removed without a look at an archive is only what was never to have one. */
export function isArchivedByStatus(race: Race): boolean {
  return isTrueOf(race, "Archived");
}

function isTrueOf({ status }: Race, condition: ConditionType): boolean {
  return status?.conditions.some(({ type, status: verdict }) => type === condition && verdict === "True") ?? false;
}

function hasArchive({ race, observed: { archive }, settings }: RemovalInput): boolean {
  if (!race.spec.isArchived || !settings.hasBucket) return false;
  // What was found by this operator, or by one before it.
  return archive.state === "none" ? isArchivedByStatus(race) : archive.state === "done";
}
