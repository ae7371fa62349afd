import { isFrozen, warmUpMs } from "./race-phase.ts";
import type { Observed, PlanSettings } from "./race-plan.ts";
import {
  CONDITIONS,
  type Condition,
  type ConditionType,
  type Phase,
  type Race,
  type Replicas,
  WARM_APPS,
} from "./race-resource.ts";
import { removalStand } from "./removal-stand.ts";
import type { StreamSizes } from "./stream-size.ts";

/** Without these apps no number reaches anybody; inference may be left out. */
const REQUIRED_APPS = ["ingest", "processor", "gateway"] as const;
/** A Horizontal Pod Autoscaler leaves it as it is when fewer than a tenth are missing (its default tolerance). */
const SCALER_TOLERANCE = 0.1;
/** A car sends ten frames a second; a feed that starts anew is back sooner. */
const FEED_QUIET_MS_MAX = 30_000;
const GB = 1024 ** 3;

export type Verdict = Pick<Condition, "type" | "status" | "reason" | "message">;

/** Reasons that are worth an event, because somebody should do something. */
export const FAULTS: ReadonlySet<string> = new Set([
  "RaceIdTaken",
  "StreamRefused",
  "StreamLimitTooLow",
  "NoRelease",
  "AppsMissing",
  "FeedQuiet",
  "NoBucket",
  "ArchiveFailed",
  "ArchiveGivenUp",
  "RemovalFailed",
]);

export interface ConditionInput {
  readonly race: Race;
  readonly observed: Observed;
  readonly settings: PlanSettings;
  readonly sizes: StreamSizes;
  readonly phase: Phase;
  readonly warm: Replicas;
  readonly nowMs: number;
}

const OVER = ["False", "RaceOver", "The race is over."] as const;
type Finding = readonly [status: Condition["status"], reason: string, message: string];

/** What is true of a race in this phase, in the order of CONDITIONS. */
export function conditionsOf(input: ConditionInput): readonly Verdict[] {
  const { race, observed } = input;
  if (observed.olderRace !== undefined) return refused(race.raceId, observed.olderRace);
  const gates: readonly (readonly [ConditionType, Finding])[] = [
    ["Accepted", ["True", "Accepted", `This is the Race of ${race.raceId}.`]],
    ["StreamReady", streamReady(input)],
    ["CapacityReady", capacityReady(input)],
    ["FeedSeen", feedSeen(input)],
  ];
  const findings: readonly (readonly [ConditionType, Finding])[] = [
    ...gates,
    ["RaceReady", raceReady(gates, input.phase)],
    ["ScaleInFrozen", scaleInFrozen(input)],
    ["Archived", archived(input)],
    ["StreamsRemoved", streamsRemoved(input)],
  ];
  return findings.map(([type, [status, reason, message]]) => ({ type, status, reason, message }));
}

/** The conditions to write: a transition time changes only when the status does. */
export function transitioned(
  before: readonly Condition[],
  verdicts: readonly Verdict[],
  observedGeneration: number,
  now: string,
): readonly Condition[] {
  return verdicts.map((verdict) => {
    const was = before.find(({ type }) => type === verdict.type);
    const lastTransitionTime = was?.status === verdict.status ? was.lastTransitionTime : now;
    return { ...verdict, observedGeneration, lastTransitionTime };
  });
}

function refused(raceId: string, olderRace: string): readonly Verdict[] {
  const taken = `The Race ${olderRace} is older and has the race id ${raceId}: delete it, or make this one anew with another spec.raceId and a release with the same race.id.`;
  return CONDITIONS.map((type) => ({
    ...{ type, status: "False" },
    ...(type === "Accepted"
      ? { reason: "RaceIdTaken", message: taken }
      : { reason: "NotAccepted", message: "Another Race has this race id." }),
  }));
}

function streamReady({ race, observed: { streams }, sizes, phase }: ConditionInput): Finding {
  const { race: log } = sizes;
  if (phase === "Archiving" || phase === "Done") return OVER;
  switch (streams.state) {
    case "unknown":
      return kept(race, "StreamReady", ["Unknown", "NotLookedYet", "The streams have not been looked at yet."]);
    case "refused":
      return ["False", "StreamRefused", streams.message];
    case "unreachable":
      return ["False", "NatsUnreachable", streams.message];
    case "ready":
      if (log.neededBytes <= log.bytesMax && sizes.fact.neededBytes <= sizes.fact.bytesMax)
        return [
          "True",
          "StreamsMade",
          `The race log may take ${toGb(log.bytesMax)} GB and needs about ${toGb(log.neededBytes)}.`,
        ];
      return [
        "False",
        "StreamLimitTooLow",
        `The race log needs about ${toGb(log.neededBytes)} GB and may take ${toGb(log.bytesMax)}: raise nats.streamGb of the release (BURNLINE_STREAM_GB of the operator), or lower expectedCars, sampleRateHz or durationMinutes.`,
      ];
  }
}

function capacityReady({ race, observed: { apps }, phase, warm }: ConditionInput): Finding {
  if (phase === "Archiving" || phase === "Done") return OVER;
  const { raceId } = race;
  if (WARM_APPS.every((app) => apps[app] === undefined)) {
    return [
      "False",
      "NoRelease",
      `No Deployment here has the label burnline.dev/race=${raceId}: install a release with race.id=${raceId}, or make this Race anew with spec.raceId set to the race.id of the release.`,
    ];
  }
  const missing = REQUIRED_APPS.filter((app) => apps[app] === undefined);
  if (missing.length > 0)
    return ["False", "AppsMissing", `The release of ${raceId} has no Deployment of ${missing.join(", ")}.`];
  if (!isFrozen(phase)) {
    const from = new Date(warmUpMs(race.spec)).toISOString();
    return ["False", "BeforeWarmUp", `The warm-up begins at ${from}.`];
  }
  const short = WARM_APPS.flatMap((app) => {
    const seen = apps[app];
    const wanted = warm[app] ?? 0;
    return seen === undefined || seen.ready * (1 + SCALER_TOLERANCE) >= wanted
      ? []
      : [`${app} ${seen.ready}/${wanted}`];
  });
  if (short.length > 0) return ["False", "WaitingForReplicas", `Ready so far: ${short.join(", ")}.`];
  const held = WARM_APPS.flatMap((app) => (apps[app] === undefined ? [] : [`${app} ${warm[app] ?? 0}`]));
  return ["True", "ReplicasReady", `Ready: ${held.join(", ")}.`];
}

function feedSeen({ race, observed: { feed }, phase }: ConditionInput): Finding {
  if (phase === "Archiving" || phase === "Done") return OVER;
  if (feed === undefined)
    return kept(race, "FeedSeen", ["Unknown", "NotLookedYet", "The race log has not been looked at yet."]);
  if (feed.frames === 0) return ["False", "NoFrames", `No frame has come yet: check that ${toFeedText(race)}.`];
  if (feed.quietMs > FEED_QUIET_MS_MAX)
    return phase === "Finishing"
      ? ["False", "FeedEnded", "No frame has come for a while; the race may be over."]
      : ["False", "FeedQuiet", `No frame has come for ${FEED_QUIET_MS_MAX / 1_000} s: check that ${toFeedText(race)}.`];
  return ["True", "FramesArrive", `${feed.cars} of ${race.spec.expectedCars} cars have sent.`];
}

function raceReady(gates: readonly (readonly [ConditionType, Finding])[], phase: Phase): Finding {
  if (phase === "Archiving" || phase === "Done") return OVER;
  const first = gates.find(([, [status]]) => status !== "True");
  if (first === undefined) return ["True", "AllReady", "Streams, capacity and feed are there."];
  const [type, [status, reason, message]] = first;
  return [status, reason, `${type}: ${message}`];
}

function scaleInFrozen({ phase }: ConditionInput): Finding {
  if (isFrozen(phase)) return ["True", "RaceDay", "No app gets fewer replicas than it has had since the warm-up."];
  return phase === "Pending" ? ["False", "BeforeWarmUp", "Scalers do as the load says."] : OVER;
}

function archived({ race, observed: { archive }, settings, phase }: ConditionInput): Finding {
  if (!race.spec.isArchived) return ["False", "Disabled", "spec.archive.enabled is false."];
  if (!settings.hasBucket)
    return [
      "False",
      "NoBucket",
      "The race will not be archived: set s3.bucket of the release (BURNLINE_S3_BUCKET of the operator).",
    ];
  if (archive.state === "done") {
    const { uri, frames, facts } = archive.totals;
    return ["True", "Archived", `${frames} frames and ${facts} facts are at ${uri}.`];
  }
  if (phase === "Done")
    return archive.state === "failed"
      ? ["False", "ArchiveGivenUp", `It failed for a day; the streams may still be there. ${archive.message}`]
      : kept(race, "Archived", ["Unknown", "NotLookedYet", "The archive has not been looked at."]);
  if (phase !== "Archiving") return ["False", "NotYet", "The race is archived when it is over."];
  if (archive.state === "failed") return ["False", "ArchiveFailed", `${archive.message} It is tried again.`];
  return ["False", "Archiving", "Log and facts are on their way to the archive."];
}

function streamsRemoved(input: ConditionInput): Finding {
  const { removal } = input.observed;
  switch (removalStand(input)) {
    case "removed":
      return ["True", "Removed", "The streams are gone, and other races have their room."];
    case "notYet":
      return ["False", "NotYet", "The streams are there for the race, and until it is archived."];
    case "kept":
      return ["False", "Kept", "spec.removeStreams is Never."];
    case "notArchived":
      return [
        "False",
        "NotArchived",
        "The streams stay, because the race has no archive: set spec.removeStreams to AfterRace to let them go all the same.",
      ];
    case "inUse":
      return ["False", "InUse", `The streams stay while a release here has race.id=${input.race.raceId}.`];
    case "roomNotNeeded":
      return ["False", "RoomNotNeeded", "The streams stay until another race needs their room."];
    case "due":
      return removal.state === "failed"
        ? ["False", "RemovalFailed", `${removal.message} It is tried again.`]
        : ["False", "Removing", "The archive is read back, then the streams are removed."];
  }
}

/** What was known before is true until somebody has looked again. */
function kept(race: Race, type: ConditionType, otherwise: Finding): Finding {
  const was = race.status?.conditions.find((condition) => condition.type === type);
  return was === undefined || was.reason === "NotAccepted" ? otherwise : [was.status, was.reason, was.message];
}

function toFeedText({ spec, raceId }: Race): string {
  return spec.feed === "push"
    ? `whoever pushes sends to the ingest of ${raceId}, and its token is right`
    : `ingest of ${raceId} runs with source ${spec.feed}, and somebody publishes there`;
}

function toGb(bytes: number): string {
  return (bytes / GB).toFixed(1);
}
