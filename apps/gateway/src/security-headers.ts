/** Where a page comes from decides who may embed it: the dashboard nobody, a graphic every renderer. */
export type PageKind = "dashboard" | "graphics";

const HOST = /^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:]+\](:\d{1,5})?$/;

/**
 * Headers of every page and asset. Scripts only from this gateway; styles also inline, because charts and gauges set
 * them; connections only to this gateway. The host's own WebSocket is named as well as 'self', which older embedded
 * browsers (OBS, CasparCG) do not take to mean ws:.
 */
export function securityHeaders(kind: PageKind, host: string | undefined): Record<string, string> {
  const socket = host !== undefined && HOST.test(host) ? ` ws://${host} wss://${host}` : "";
  const policy = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self'${socket}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    `frame-ancestors ${kind === "graphics" ? "*" : "'self'"}`,
  ].join("; ");
  const headers: Record<string, string> = {
    "Content-Security-Policy": policy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
  };
  if (kind === "graphics") {
    // A renderer imports the graphic's module from its own origin.
    headers["Access-Control-Allow-Origin"] = "*";
    headers["Cross-Origin-Resource-Policy"] = "cross-origin";
  } else {
    headers["X-Frame-Options"] = "SAMEORIGIN";
    headers["Cross-Origin-Opener-Policy"] = "same-origin";
    headers["Cross-Origin-Resource-Policy"] = "same-origin";
  }
  return headers;
}
