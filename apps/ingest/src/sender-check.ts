import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** A request as far as it matters for who may push. */
export interface Sender {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
}

export type SenderFault = "unauthorized" | "not-local" | "foreign-origin";

/** What a refused sender is told: status and sentence. */
export const SENDER_ANSWERS: Readonly<Record<SenderFault, { readonly status: number; readonly message: string }>> = {
  unauthorized: { status: 401, message: "The token is missing or wrong; send the header Authorization: Bearer TOKEN." },
  "not-local": {
    status: 403,
    message: "Without a token only this machine may push; start with --token (BURNLINE_TOKEN) or push from here.",
  },
  "foreign-origin": { status: 403, message: "A page of another site may not push; send without an Origin header." },
};

/**
 * Who may push: with a token whoever has it, without one only programs on this machine. A web page that a person here
 * happens to look at also comes from this machine, so then a foreign Origin is refused.
 */
export class SenderCheck {
  readonly #tokenDigest: Buffer | undefined;

  constructor(token: string | undefined) {
    this.#tokenDigest = token === undefined || token === "" ? undefined : digest(token);
  }

  faultOf(sender: Sender): SenderFault | undefined {
    const { authorization, origin, host } = sender.headers;
    if (this.#tokenDigest !== undefined) {
      const token = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
      // Digests have one length whatever was sent, so the comparison tells nothing by its time.
      return timingSafeEqual(digest(token ?? ""), this.#tokenDigest) ? undefined : "unauthorized";
    }
    if (!isLoopback(sender.remoteAddress)) return "not-local";
    return origin === undefined || hostOf(origin) === host ? undefined : "foreign-origin";
  }
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  return address === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
