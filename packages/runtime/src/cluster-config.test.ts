import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { natsKeys, natsOptions, redisKeys, redisOptions, streamLimits } from "./cluster-config.ts";
import { createLogger } from "./log.ts";
import { Metrics } from "./metrics.ts";

const NATS = z.object(natsKeys).parse({});
const REDIS = z.object(redisKeys).parse({});
const connecting = { name: "processor", logger: createLogger({ service: "test", level: "silent", format: "json" }) };
const nats = (overrides: object) =>
  natsOptions({ ...NATS, ...overrides }, connecting, { registry: new Metrics(["processor"]), service: "processor" });

describe("NATS", () => {
  test("by default: the server of this machine, without user and without TLS", () => {
    const options = nats({});
    expect(options.servers).toEqual(["nats://127.0.0.1:4222"]);
    expect(options).not.toHaveProperty("credentials");
    expect(options).not.toHaveProperty("tls");
  });

  test("several servers, a user, TLS", () => {
    expect(nats({ nats: "a:1, b:2", natsUser: "u", natsPassword: "p", natsCa: "ca.pem" })).toMatchObject({
      servers: ["a:1", "b:2"],
      credentials: { type: "user", user: "u", password: "p" },
      tls: { caFile: "ca.pem" },
    });
    expect(nats({ natsToken: "t" }).credentials).toEqual({ type: "token", token: "t" });
  });

  test.each([
    [{ natsUser: "u" }, "--nats-user and --nats-password belong together: give both or neither."],
    [{ natsPassword: "p" }, "--nats-user and --nats-password belong together: give both or neither."],
    [
      { natsToken: "t", natsCreds: "f" },
      "--nats-user, --nats-token, --nats-creds, --nats-nkey exclude each other: give only one of them.",
    ],
    [
      { natsCreds: "f", natsNkey: "f" },
      "--nats-user, --nats-token, --nats-creds, --nats-nkey exclude each other: give only one of them.",
    ],
  ])("%j is refused", (overrides, message) => {
    expect(() => nats(overrides)).toThrow(message);
  });

  test("an nkey is read from its file; a file that holds something else is refused without showing what", async () => {
    const folder = await mkdtemp(join(tmpdir(), "burnline-nkey-"));
    const seed = `SU${"A7".repeat(28)}`;
    const path = join(folder, "seed");
    await writeFile(path, `${seed}\n`);
    expect(nats({ natsNkey: path }).credentials).toEqual({ type: "nkey", seed });
    for (const wrong of ["", "hunter2", `SA${"A7".repeat(28)}`, `${seed}A`]) {
      await writeFile(path, wrong);
      expect(() => nats({ natsNkey: path })).toThrow(
        `The file ${path} holds no seed of a user's nkey, which is SU and 56 letters and digits: check --nats-nkey.`,
      );
    }
    await rm(folder, { recursive: true });
  });

  test("a file that is not there is named with its flag", () => {
    expect(() => nats({ natsCreds: "/none" })).toThrow(/^The file \/none cannot be read .*: check --nats-creds\.$/);
    expect(() => redisOptions({ ...REDIS, redisCa: "/none" }, connecting)).toThrow(/check --redis-ca\.$/);
  });

  test("limits are in bytes and ms", () => {
    expect(streamLimits({ ...NATS, streamGb: 0.5, streamDays: 0.25, replicas: 3 })).toEqual({
      ...{ replicas: 3, maxBytes: 536_870_912, maxAgeMs: 21_600_000, owner: "app" },
    });
  });
});
