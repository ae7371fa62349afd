import { stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fail } from "./rest.ts";
import { type PageKind, securityHeaders } from "./security-headers.ts";

interface StaticFolders {
  readonly dashboard: string;
  readonly graphics: string;
}

/** The built pages below an assets folder (apps/ in the repository and in the image). */
export function staticFolders(assetsFolder: string): StaticFolders {
  const folder = resolve(assetsFolder);
  return { dashboard: join(folder, "dashboard", "dist"), graphics: join(folder, "graphics", "dist") };
}

const GRAPHICS_PREFIX = "graphics/";

// Vite names what it builds "assets/<name>-<8 characters of hash>.<extension>": such a file never changes.
const HASHED_ASSET = /^assets\/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;

/** Serves the dashboard at / and the graphics at /graphics/; unknown addresses without a dot are pages of the dashboard. */
export function registerStaticPages(app: FastifyInstance, folders: StaticFolders): void {
  // Only its sendFile: which file, and with which headers, is decided here.
  void app.register(fastifyStatic, { root: folders.dashboard, serve: false });
  app.get("/*", async (request, reply) => {
    const path = requestPath(request);
    const kind: PageKind = path.startsWith(GRAPHICS_PREFIX) ? "graphics" : "dashboard";
    const folder = folders[kind];
    reply.headers(securityHeaders(kind, request.headers.host));
    const own = kind === "graphics" ? path.slice(GRAPHICS_PREFIX.length) : path;
    if (path.startsWith("api/")) return notFound(request, reply);
    if (await isFile(folder, own)) return sendFile(reply, folder, own);
    const page = pageOf(own);
    if (page === undefined) return notFound(request, reply);
    if (await isFile(folder, page)) return sendFile(reply, folder, page);
    // A single-page application draws its own addresses.
    if (kind === "dashboard" && (await isFile(folder, "index.html"))) return sendFile(reply, folder, "index.html");
    return (await isBuilt(folder)) ? notFound(request, reply) : notBuilt(reply, kind);
  });
  app.get("/graphics", (_request, reply) => reply.redirect(`/${GRAPHICS_PREFIX}`, 308));
}

function requestPath(request: FastifyRequest): string {
  const params = request.params as { readonly "*"?: string };
  return params["*"] ?? "";
}

/** The page file that an address without an extension stands for; undefined for an address of a file. */
function pageOf(path: string): string | undefined {
  const last = path.slice(path.lastIndexOf("/") + 1);
  if (last === "") return `${path}index.html`;
  return last.includes(".") ? undefined : `${path}.html`;
}

async function isFile(folder: string, path: string): Promise<boolean> {
  const full = resolve(folder, path);
  if (path.includes("\0") || !full.startsWith(folder + sep)) return false;
  try {
    return (await stat(full)).isFile();
  } catch {
    // Not there, or not for us to read: either way there is nothing to serve.
    return false;
  }
}

/** A build is moved into place whole, so a folder that is there is complete. */
async function isBuilt(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true;
}

function sendFile(reply: FastifyReply, folder: string, path: string): FastifyReply {
  const isImmutable = HASHED_ASSET.test(path);
  reply.header("Cache-Control", isImmutable ? "public, max-age=31536000, immutable" : "no-cache");
  return reply.sendFile(path, folder, { cacheControl: false });
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path] = request.url.split("?");
  const shown = (path ?? "").slice(0, 100);
  return fail(reply, 404, {
    code: "not-found",
    message: `There is nothing at ${shown}: the dashboard is at /, the graphics are at /graphics/.`,
  });
}

function notBuilt(reply: FastifyReply, kind: PageKind): FastifyReply {
  const name = kind === "graphics" ? "The graphics are" : "The dashboard is";
  return reply
    .code(503)
    .header("Cache-Control", "no-store")
    .type("text/html; charset=utf-8")
    .send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Burnline: not built yet</title>
<style>body{background:#111;color:#eee;font:18px/1.5 system-ui;max-width:40em;margin:15vh auto;padding:0 1em}
code{background:#333;padding:.1em .4em;border-radius:.2em}a{color:#8cf}</style>
<h1>${name} not built yet</h1>
<p>The gateway runs, but its pages are missing. Run <code>npm run build</code> in the repository and reload.</p>
<p>The numbers are there already: <a href="/api/v1/race">race</a>, <a href="/api/v1/cars">cars</a>,
<a href="/api/v1/openapi.json">interface description</a>.</p>
</html>
`);
}
