import type { Profile } from "../src/profile.ts";

/** What setup hands to everybody. */
export interface LoadedRace {
  /** Gateway's time at which the first frame begins; a whole second. */
  readonly startMs: number;
}

const { PROFILE, INGEST_URL, GATEWAY_URL, TOKEN, VIEWER_TOKEN, SECONDS } = __ENV;

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === "") throw new Error(`${name} is not set; give it with -e ${name}=…`);
  return value;
}

const written = JSON.parse(open(`../profiles/${required("PROFILE", PROFILE)}.json`)) as Profile;
export const profile: Profile = SECONDS === undefined ? written : { ...written, seconds: Number(SECONDS) };

/** Where the race is, and who we are there. */
export const LOADED_RACE = {
  ingestUrl: required("INGEST_URL", INGEST_URL),
  gatewayUrl: required("GATEWAY_URL", GATEWAY_URL),
  authorization: bearer(TOKEN),
};

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined || token === "" ? {} : { Authorization: `Bearer ${token}` };
}

/** http://… to ws://… */
export function socketUrl(url: string, path: string): string {
  return `${url.replace(/^http/, "ws").replace(/\/$/, "")}${path}`;
}

export const FEED_PATH = "/api/v1/feed";
export const FEED_HEADERS = { "Sec-WebSocket-Protocol": "burnline.v1.proto", ...bearer(VIEWER_TOKEN) };

/** WebSocket's readyState of an open connection; k6's class has no such constant though its types say so. */
export const OPEN = 1;
