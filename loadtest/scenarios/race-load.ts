// One script for all profiles: k6 run -e PROFILE=smoke -e INGEST_URL=http://… -e GATEWAY_URL=http://… race-load.ts
import exec from "k6/execution";
import http from "k6/http";
import { setTimeout } from "k6/timers";
import { lookUntilSeconds, planLoad } from "../src/load-plan.ts";
import { type K6Summary, summarise, summaryText } from "../src/load-summary.ts";
import type { Profile, ScriptedEvent } from "../src/profile.ts";
import { carId, definitionMessage, type EventMessage, scriptedMessages } from "../src/race-messages.ts";
import { FeedClient } from "./feed-client.ts";
import { fetchServerOffsetMs } from "./gateway-clock.ts";
import { LOADED_RACE, type LoadedRace, profile } from "./loaded-race.ts";
import { RaceFeed } from "./race-feed.ts";
import { stall, trail } from "./slow-clients.ts";

const plan = planLoad(profile);

export const options = {
  scenarios: plan.scenarios,
  thresholds: plan.thresholds,
  summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
  // Every sample is stored with its tags; these are all that anybody reads.
  systemTags: ["scenario", "status", "error_code"],
  setupTimeout: "60s",
};

/** The race has to be known before its first frame: entry list, track, flag. */
export async function setup(): Promise<LoadedRace> {
  const offsetMs = await fetchServerOffsetMs(LOADED_RACE.gatewayUrl);
  const startMs = 1_000 * Math.ceil((Date.now() + offsetMs) / 1_000);
  postEvents([definitionMessage(profile, startMs - 1_000)]);
  return { startMs };
}

export async function feed(race: LoadedRace): Promise<void> {
  const offsetMs = await fetchServerOffsetMs(LOADED_RACE.gatewayUrl);
  await new RaceFeed(exec.scenario.iterationInTest, race.startMs, offsetMs).run();
}

export async function raceControl({ startMs }: LoadedRace): Promise<void> {
  const offsetMs = await fetchServerOffsetMs(LOADED_RACE.gatewayUrl);
  for (const event of profile.script) await sayAt(event, startMs, offsetMs);
}

export function dashboard(race: LoadedRace): Promise<void> {
  return new FeedClient(race, ["board", "alerts", `car/${ownCar(profile)}`], () => true).run();
}

/** A graphic shows one car; it reads of the board only when it was sent. */
export function graphic(race: LoadedRace): Promise<void> {
  return new FeedClient(race, [`car/${ownCar(profile)}`, "board"], (id) => id === 1).run();
}

export function storming(race: LoadedRace): Promise<void> {
  return new FeedClient(race, ["board", "alerts"], () => true).run(profile.stormEverySeconds * 1_000);
}

export function tardy(race: LoadedRace): void {
  trail(race.startMs + lookUntilSeconds(profile) * 1_000);
}

export function stalled(race: LoadedRace): void {
  stall(race.startMs + lookUntilSeconds(profile) * 1_000, profile.stallSeconds);
}

export function handleSummary(data: K6Summary): Record<string, string> {
  const summary = summarise(profile, data);
  const json = `${JSON.stringify(summary)}\n`;
  const file = __ENV.SUMMARY;
  return file === undefined ? { stdout: summaryText(summary) + json } : { stdout: summaryText(summary), [file]: json };
}

function ownCar({ cars }: Profile): string {
  return carId(exec.scenario.iterationInTest % cars);
}

async function sayAt(event: ScriptedEvent, startMs: number, offsetMs: number): Promise<void> {
  const waitMs = startMs + event.atSeconds * 1_000 - (Date.now() + offsetMs);
  if (waitMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, waitMs));
  postEvents(scriptedMessages(event, profile, startMs, Math.floor(Date.now() + offsetMs)));
}

function postEvents(messages: readonly EventMessage[]): void {
  const response = http.post(`${LOADED_RACE.ingestUrl}/api/v1/ingest/events`, JSON.stringify(messages), {
    headers: { "Content-Type": "application/json", ...LOADED_RACE.authorization },
  });
  // Another runner may have said the same before.
  const refused = response.status === 200 ? Object.keys(rejectedIn(response.body)) : [`${response.status}`];
  const faults = refused.filter((reason) => reason !== "duplicate-control");
  if (faults.length > 0) exec.test.abort(`The ingest refused control events (${faults.join(", ")}): ${response.body}`);
}

function rejectedIn(body: unknown): object {
  return (JSON.parse(`${body}`) as { rejected: object }).rejected;
}
