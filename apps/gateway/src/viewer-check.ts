import type { IncomingHttpHeaders } from "node:http";
import { SUBPROTOCOL_TOKEN_PREFIX } from "@burnline/contract";
import { errors, jwtVerify } from "jose";
import { VIEWER_TOKEN_LENGTH_MAX } from "./limits.ts";
import { VIEWER_ALGORITHM, VIEWER_AUDIENCE, viewerSecret } from "./viewer-token.ts";

export type ViewerFault = "missing-token" | "bad-token" | "expired-token" | "other-race";

/** A machine's clock may be this far off from the one that signed. */
const CLOCK_TOLERANCE_S = 30;

export const VIEWER_ANSWERS: Readonly<Record<ViewerFault, string>> = {
  "missing-token":
    "This race is shown to holders of a viewer's token: send it as Authorization: Bearer TOKEN; in a page's address, put #token=TOKEN behind it.",
  "bad-token": "This viewer's token is not one of ours: it is cut off, or its key was replaced. Ask for a new one.",
  "expired-token": "This viewer's token is over. Ask for a new one.",
  "other-race": "This viewer's token is for another race. Ask for one of this race.",
};

/**
 * Whether somebody may read the race: JWTs (RFC 7519) that one of our keys signed, for this use, for this race or for
 * any, with an end. Without keys everybody may. A connection that stands is not cut when its token ends: a graphic must
 * not go dark in the middle of a race.
 */
export class ViewerCheck {
  readonly #secrets: readonly Uint8Array[];
  readonly #race: string;
  readonly #nowMs: () => number;

  /** @param keys the newest first; older ones for as long as their tokens shall live on */
  constructor(keys: readonly string[], race: string, nowMs: () => number) {
    this.#secrets = keys.map(viewerSecret);
    this.#race = race;
    this.#nowMs = nowMs;
  }

  async faultOf(headers: IncomingHttpHeaders): Promise<ViewerFault | undefined> {
    if (this.#secrets.length === 0) return undefined;
    const token = tokenOf(headers);
    if (token === undefined) return "missing-token";
    if (token.length > VIEWER_TOKEN_LENGTH_MAX) return "bad-token";
    for (const secret of this.#secrets) {
      const fault = await this.#faultUnder(secret, token);
      if (fault !== "bad-token") return fault;
    }
    return "bad-token";
  }

  async #faultUnder(secret: Uint8Array, token: string): Promise<ViewerFault | undefined> {
    try {
      const { payload } = await jwtVerify(token, secret, {
        // Named, so that no token chooses its own ("none" among them).
        algorithms: [VIEWER_ALGORITHM],
        audience: VIEWER_AUDIENCE,
        requiredClaims: ["exp"],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(this.#nowMs()),
      });
      return payload.race === undefined || payload.race === this.#race ? undefined : "other-race";
    } catch (error) {
      // Thrown only after the signature was found right.
      if (error instanceof errors.JWTExpired) return "expired-token";
      if (error instanceof errors.JOSEError) return "bad-token";
      throw error;
    }
  }
}

/** Programs send a header; pages offer a subprotocol. */
function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return bearer;
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim());
  return offered
    .find((protocol) => protocol.startsWith(SUBPROTOCOL_TOKEN_PREFIX))
    ?.slice(SUBPROTOCOL_TOKEN_PREFIX.length);
}
