import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Serves the built dashboard at / and the graphics at /graphics/ to a browser under test, as the gateway does. */
export async function servePages(): Promise<{ readonly url: string; close(): void }> {
  const apps = fileURLToPath(new URL("../..", import.meta.url));
  const server: Server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://fixture").pathname);
    const own = path.startsWith("/graphics/")
      ? join("graphics/dist", path.slice("/graphics".length))
      : join("dashboard/dist", path);
    const file = join(apps, path.endsWith("/") ? join(own, "index.html") : own);
    try {
      const content = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
