import { SUBPROTOCOL_JSON, SUBPROTOCOL_PROTO } from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import type { ErrorCode } from "./client-session.ts";
import type { Encoding } from "./feed-frame.ts";

interface UpgradeRefusal {
  readonly status: 400 | 403;
  readonly code: ErrorCode | "foreign-origin";
  readonly message: string;
}

interface UpgradeHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly "sec-websocket-protocol"?: string | undefined;
}

/** Listed among the allowed origins, this lets every page in. */
const ANY_ORIGIN = "*";

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  [SUBPROTOCOL_PROTO, "proto"],
  [SUBPROTOCOL_JSON, "json"],
]);

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a page or program may open the feed, and in which encoding it will speak. */
export function checkUpgrade(
  headers: UpgradeHeaders,
  allowedOrigins: readonly string[],
): Result<Encoding, UpgradeRefusal> {
  if (!isAllowedOrigin(headers.origin, headers.host, allowedOrigins)) {
    const message = "Pages of this origin may not read the feed: add the origin to the gateway's allowed origins.";
    return err({ status: 403, code: "foreign-origin", message });
  }
  const protocol = chosenSubprotocol(offeredSubprotocols(headers["sec-websocket-protocol"]));
  const encoding = protocol === undefined ? undefined : ENCODINGS.get(protocol);
  if (encoding === undefined) {
    const message = `The feed speaks the WebSocket subprotocols ${[...ENCODINGS.keys()].join(" and ")}: offer one of them.`;
    return err({ status: 400, code: "unsupported-protocol", message });
  }
  return ok(encoding);
}

/** The first of the client's subprotocols, in its own order, that the feed speaks. */
export function chosenSubprotocol(offered: Iterable<string>): string | undefined {
  for (const protocol of offered) if (ENCODINGS.has(protocol)) return protocol;
  return undefined;
}

/**
 * A browser names the page's origin; programs name none and are let in. Pages of the very host they talk to and of this
 * machine are let in, others only when listed ("https://host[:port]", or "*" for all).
 */
export function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(ANY_ORIGIN) || allowed.includes(origin)) return true;
  // An opaque origin ("null": a local file, a sandboxed frame) is nobody in particular and must be listed.
  const url = URL.parse(origin);
  if (url === null || url.host === "") return false;
  return url.host === host?.toLowerCase() || LOOPBACK_HOSTS.has(url.hostname);
}

function offeredSubprotocols(header: string | undefined): string[] {
  return (header ?? "").split(",").map((protocol) => protocol.trim());
}
