import { METRICS } from "./load-metrics.ts";
import type { Profile } from "./profile.ts";

/** Feeds begin with the test and go on a little longer than anybody looks, so that the end of a race is no gap. */
const FEED_TAIL_SECONDS = 3;
/** Acknowledgements, closing sockets, a last answer. */
const GRACE_SECONDS = 15;
/** A dashboard gets ten updates a second; one that gets fewer than this of them was not in the race. */
const LIVE_MESSAGES_PER_SECOND_MIN = 2;
/** Of the frames that a feed should send. A generator that cannot keep up has tested nothing. */
const FRAMES_SENT_SHARE_MIN = 0.9;
const LAPS_UNTIL_JUDGED = 3;
/** A soak that goes wrong is not worth its hours. */
const ABORT_AFTER = "60s";

interface ScenarioPlan {
  readonly executor: "shared-iterations";
  readonly exec: string;
  readonly vus: number;
  readonly iterations: number;
  readonly maxDuration: string;
  readonly gracefulStop: string;
}

interface Threshold {
  readonly threshold: string;
  readonly abortOnFail?: boolean;
  readonly delayAbortEval?: string;
}

export interface LoadPlan {
  readonly scenarios: Readonly<Record<string, ScenarioPlan>>;
  readonly thresholds: Readonly<Record<string, readonly Threshold[]>>;
}

export function lookUntilSeconds(profile: Profile): number {
  return profile.warmUpSeconds + profile.seconds;
}

export function feedUntilSeconds(profile: Profile): number {
  return lookUntilSeconds(profile) + FEED_TAIL_SECONDS;
}

/** What k6 is to run, and what it is to hold against the product. */
export function planLoad(profile: Profile): LoadPlan {
  const { clients, feeds, script } = profile;
  const wanted: readonly [string, number][] = [
    ["feed", feeds],
    ["raceControl", script.length > 0 ? 1 : 0],
    ["dashboard", clients.dashboards],
    ["graphic", clients.graphics],
    ["storming", clients.storming],
    ["tardy", clients.tardy],
    ["stalled", clients.stalled],
  ];
  const scenarios = wanted.filter(([, count]) => count > 0).map(([exec, count]) => [exec, plan(exec, count, profile)]);
  return { scenarios: Object.fromEntries(scenarios) as LoadPlan["scenarios"], thresholds: thresholdsOf(profile) };
}

/** One iteration per client, which lasts as long as the race: an iteration's number is the client's, on every runner. */
function plan(exec: string, count: number, profile: Profile): ScenarioPlan {
  return {
    executor: "shared-iterations",
    exec,
    vus: count,
    iterations: count,
    maxDuration: `${feedUntilSeconds(profile) + GRACE_SECONDS}s`,
    gracefulStop: "5s",
  };
}

function thresholdsOf(profile: Profile): LoadPlan["thresholds"] {
  const { limits, clients, seconds } = profile;
  const most = (count: number): readonly Threshold[] => [{ threshold: `count<=${count}` }];
  const isLong = seconds > 600;
  const lookers = clients.dashboards + clients.graphics + clients.storming;
  const thresholds: Record<string, readonly Threshold[]> = {
    [METRICS.latency]: [
      { threshold: `p(95)<${limits.latencyMsP95Max}` },
      {
        threshold: `p(99)<${limits.latencyMsP99Max}`,
        ...(isLong ? { abortOnFail: true, delayAbortEval: ABORT_AFTER } : {}),
      },
    ],
    // Wrong on air is worse than nothing: no need to go on.
    [METRICS.orderViolations]: [{ threshold: "count==0", abortOnFail: true }],
    [METRICS.gaps]: most(limits.gapsMax),
    [METRICS.drops]: most(limits.dropsMax),
    [METRICS.samplesMissing]: most(limits.samplesMissingMax),
    [METRICS.unexpectedCloses]: most(limits.unexpectedClosesMax),
    // Without these a run in which nothing moved would pass.
    [METRICS.framesAcked]: [{ threshold: `count>=${Math.floor(FRAMES_SENT_SHARE_MIN * framesExpected(profile))}` }],
    [METRICS.liveMessages]: [{ threshold: `count>=${lookers * seconds * LIVE_MESSAGES_PER_SECOND_MIN}` }],
  };
  // Under way when the feeds begin, the one that is judged, and the one that takes its place.
  if (lookUntilSeconds(profile) >= LAPS_UNTIL_JUDGED * profile.lapSeconds + 2) {
    thresholds[METRICS.lapsJudged] = [{ threshold: "count>=1" }];
  }
  if (clients.storming > 0) {
    thresholds[METRICS.reconnect] = [{ threshold: `p(95)<${limits.reconnectMsP95Max}` }];
    // Who leaves with the last second does not come back.
    const storms = Math.ceil(seconds / profile.stormEverySeconds) - 1;
    thresholds[METRICS.reconnects] = [{ threshold: `count>=${storms * clients.storming}` }];
  }
  if (clients.stalled > 0) thresholds[METRICS.stalledCloses] = [{ threshold: `count>=${clients.stalled}` }];
  if (clients.tardy > 0) thresholds[METRICS.merged] = [{ threshold: "count>=1" }];
  return thresholds;
}

function framesExpected(profile: Profile): number {
  return profile.cars * 10 * feedUntilSeconds(profile);
}
