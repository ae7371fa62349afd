import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeyAuthenticator, nkeys } from "@nats-io/nats-core";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { NATS_APPS, type NatsApp, type NatsPermissionOptions, natsPermissions } from "../nats-permissions.ts";
import { type RealServer, startNatsServer } from "./real-servers.ts";

/** The server answers in order, so a refusal is here when the flush behind it is; our side tells of it a little later. */
const HEARD_MS = 250;

/** A nats-server on which every app has an nkey and exactly its permissions. */
export interface GuardedNats extends Pick<RealServer, "url"> {
  seedFile(app: NatsApp): string;
  /** What the server says against something that this app tries; undefined: it may. */
  refusal(app: NatsApp, attempt: (connection: NatsConnection) => void): Promise<string | undefined>;
  stop(): Promise<void>;
}

export async function startGuardedNats(options: NatsPermissionOptions): Promise<GuardedNats> {
  const folder = mkdtempSync(join(tmpdir(), "burnline-permissions-"));
  const seedFile = (app: NatsApp) => join(folder, `${app}.seed`);
  const users = NATS_APPS.map((app) => {
    const user = nkeys.createUser();
    writeFileSync(seedFile(app), user.getSeed());
    const { publish, subscribe, allowResponses } = natsPermissions(app, options);
    return { nkey: user.getPublicKey(), permissions: { publish, subscribe, allow_responses: allowResponses } };
  });
  const config = join(folder, "nats.conf");
  writeFileSync(config, `authorization: ${JSON.stringify({ users })}\n`);
  const server = await startNatsServer({ args: ["--config", config] });
  return {
    url: server.url,
    seedFile,
    refusal: async (app, attempt) => {
      const authenticator = nkeyAuthenticator(readFileSync(seedFile(app)));
      const connection = await connect({ servers: server.url, authenticator, reconnect: false });
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      void (async () => {
        for await (const status of connection.status()) if (status.type === "error") resolve(status.error.message);
      })();
      attempt(connection);
      await connection.flush();
      const timer = setTimeout(() => resolve(undefined), HEARD_MS);
      const said = await promise;
      clearTimeout(timer);
      await connection.close();
      return said;
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
