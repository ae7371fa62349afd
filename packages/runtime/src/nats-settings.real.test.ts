import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NatsEventLog } from "./nats-event-log.ts";
import { connectNats } from "./nats-link.ts";
import { NatsSnapshotStore } from "./nats-snapshot-store.ts";
import { openTestLog, type TestLog, testLogOptions } from "./testing/nats-test-logs.ts";
import { NOBODYS_PORT, type RealServer, startNatsServer } from "./testing/real-servers.ts";
import { RedisTestBench } from "./testing/redis-test-bench.ts";

let server: RealServer;

beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

async function withLog(run: (log: TestLog) => Promise<void>): Promise<void> {
  const log = await openTestLog(server.url);
  try {
    await run(log);
  } finally {
    await log.close();
  }
}

describe("a stream that is there already", () => {
  test("is refused by name when it holds something else, and is left as it is", () =>
    withLog(async ({ link, options }) => {
      const other = testLogOptions({ name: options.name });
      await expect(NatsEventLog.open(link, other)).rejects.toThrow(/TEST_\S+ cannot be used .*subjects race\.r\S+>/);
      expect((await link.manager.streams.info(options.name)).config.subjects).toEqual(options.layout.streamSubjects);
    }));

  test("gets the limits that are asked", () =>
    withLog(async ({ link, options }) => {
      await NatsEventLog.open(link, { ...options, maxAgeMs: 7_200_000, discard: "old" });
      const { config } = await link.manager.streams.info(options.name);
      expect(config.max_age).toBe(7_200_000 * 1_000_000);
      expect(config.discard).toBe("old");
    }));
});

test("a stream that cannot have what is asked is refused with the server's reason", () =>
  withLog(async ({ link }) => {
    const replicated = testLogOptions({ replicas: 3 });
    await expect(NatsEventLog.open(link, replicated)).rejects.toThrow(/replicas/);
  }));

test("a durable group opened for other records is refused", () =>
  withLog(async ({ log, options }) => {
    await (await log.openDurable("group", `${options.race}.`)).close();
    await expect(log.openDurable("group", `${options.race}.3.`)).rejects.toMatchObject({ fault: "unusable" });
  }));

test("a snapshot bucket with other settings is refused by what differs", () =>
  withLog(async ({ link }) => {
    const options = { bucket: "snap_other", replicas: 1, maxAgeMs: 3_600_000, maxBytes: 1_000_000 };
    await NatsSnapshotStore.open(link, options);
    const other = NatsSnapshotStore.open(link, { ...options, maxAgeMs: 7_200_000 });
    await expect(other).rejects.toMatchObject({ fault: "unusable" });
    await expect(other).rejects.toThrow(/age 3600000 ms instead of .*age 7200000 ms/);
  }));

describe("a connection that cannot be made", () => {
  const settings = { servers: "--nats-servers", credentials: "--nats-credentials", tls: "--nats-tls" };

  test("names the setting of the address", async () => {
    const servers = [`127.0.0.1:${NOBODYS_PORT}`];
    const connecting = connectNats({ servers, name: "test", settings, connectMsMax: 200 });
    await expect(connecting).rejects.toMatchObject({ fault: "unreachable" });
    await expect(connecting).rejects.toThrow(/--nats-servers/);
  });

  test("names the setting of the password, without trying again", async () => {
    const locked = await startNatsServer({ args: ["--user", "u", "--pass", "p"] });
    try {
      const options = { servers: [locked.url], name: "test", settings };
      const wrong = connectNats({ ...options, credentials: { type: "user", user: "u", password: "x" } });
      await expect(wrong).rejects.toMatchObject({ fault: "refused" });
      await expect(wrong).rejects.toThrow(/--nats-credentials/);
      const link = await connectNats({ ...options, credentials: { type: "user", user: "u", password: "p" } });
      await link.close();
    } finally {
      await locked.stop();
    }
  });

  test("names the setting of TLS when the server's certificate is nobody's we trust, and is made with its authority", async () => {
    const bench = new RedisTestBench();
    const { args } = bench.makeTlsSettings();
    const [, certFile = "", , keyFile = ""] = args;
    const secure = await startNatsServer({ args: ["--tls", "--tlscert", certFile, "--tlskey", keyFile] });
    try {
      const options = { servers: [`localhost:${secure.port}`], name: "test", settings, connectMsMax: 2_000 };
      const wrong = connectNats(options);
      await expect(wrong).rejects.toMatchObject({ fault: "refused" });
      await expect(wrong).rejects.toThrow(/certificate.*--nats-tls/);
      const link = await connectNats({ ...options, tls: { caFile: certFile } });
      await link.close();
    } finally {
      await secure.stop();
      await bench.close();
    }
  });

  test("names the setting of TLS", async () => {
    const connecting = connectNats({ servers: [server.url], name: "test", settings, tls: {}, connectMsMax: 200 });
    await expect(connecting).rejects.toThrow(/--nats-tls/);
  });
});
