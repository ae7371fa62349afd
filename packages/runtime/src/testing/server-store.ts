import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsLink } from "../nats-link.ts";
import type { RealServer } from "./real-servers.ts";

/** What a server held at some time. */
export interface KeptStore {
  /** The server starts again with it, as one does that has lost its power since. Resolves once the link stands again. */
  putBack(): Promise<void>;
  forget(): void;
}

/** Copies the folder of a server, which is stopped for it, so that the copy is one that a server has left. */
export async function keepStore(server: RealServer, link: NatsLink): Promise<KeptStore> {
  const restart = async (whileStopped: () => void) => {
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    const stop = link.listen({ connected: resolve });
    await server.kill("SIGTERM");
    whileStopped();
    await server.restart();
    await connected;
    stop();
  };
  const copy = mkdtempSync(join(tmpdir(), "burnline-kept-"));
  await restart(() => cpSync(server.folder, copy, { recursive: true }));
  return {
    putBack: () =>
      restart(() => {
        rmSync(server.folder, { recursive: true });
        cpSync(copy, server.folder, { recursive: true });
      }),
    forget: () => rmSync(copy, { recursive: true, force: true }),
  };
}
