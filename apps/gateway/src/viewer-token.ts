import { SignJWT } from "jose";

export const VIEWER_ALGORITHM = "HS256";
/** A token of the same key for something else is none for the feed. */
export const VIEWER_AUDIENCE = "burnline-feed";
const DAY_S = 24 * 3_600;

export interface ViewerGrant {
  /** Who it is for, for whoever reads the token later: "obs-truck-2". */
  readonly name: string;
  /** Absent: every race of gateways with this key. */
  readonly race?: string | undefined;
  readonly days: number;
}

export const viewerSecret = (key: string): Uint8Array => new TextEncoder().encode(key);

/** A token with which its holder reads the race until it ends. @param key as the gateways have it */
export async function signViewerToken(key: string, { name, race, days }: ViewerGrant, nowMs: number): Promise<string> {
  const nowS = Math.floor(nowMs / 1_000);
  return new SignJWT(race === undefined ? {} : { race })
    .setProtectedHeader({ alg: VIEWER_ALGORITHM, typ: "JWT" })
    .setSubject(name)
    .setAudience(VIEWER_AUDIENCE)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + Math.round(days * DAY_S))
    .sign(viewerSecret(key));
}
