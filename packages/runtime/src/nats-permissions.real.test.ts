import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { natsKeys, natsOptions } from "./cluster-config.ts";
import { createLogger } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { connectNats } from "./nats-link.ts";
import type { NatsApp } from "./nats-permissions.ts";
import { type GuardedNats, startGuardedNats } from "./testing/guarded-nats.ts";

const RACE = "permitted";
const UPSTREAM = "series.cars";

let nats: GuardedNats;

beforeAll(async () => {
  nats = await startGuardedNats({ race: RACE, streamOwner: "app", upstream: UPSTREAM });
});
afterAll(() => nats.stop());

test("--nats-nkey opens the door, another seed or none does not, and the setting is named", async () => {
  const connecting = { name: "t", logger: createLogger({ service: "test", level: "silent", format: "json" }) };
  const config = z.object(natsKeys).parse({ nats: nats.url });
  const open = (overrides: object) => {
    const metrics = { registry: new Metrics(["gateway"]), service: "gateway" };
    return connectNats({ ...natsOptions({ ...config, ...overrides }, connecting, metrics), connectMsMax: 500 });
  };
  await (await open({ natsNkey: nats.seedFile("gateway") })).close();
  await expect(open({})).rejects.toThrow(/check the setting .*--nats-nkey/);
});

describe("nobody does another's job", () => {
  type Attempt = (connection: NatsConnection) => void;
  const say =
    (subject: string): Attempt =>
    (connection) =>
      connection.publish(subject, "{}");
  const hear =
    (subject: string, queue?: string): Attempt =>
    (connection) => {
      connection.subscribe(subject, { callback: () => {}, ...(queue === undefined ? {} : { queue }) });
    };

  const JS = "$JS.API";
  test.each<[NatsApp, string, Attempt]>([
    ["gateway", "sends telemetry", say(`race.${RACE}.3.tel.24`)],
    ["gateway", "makes up a fact", say(`fact.${RACE}.lap.24`)],
    ["gateway", "takes windows away from inference", say(`${JS}.CONSUMER.MSG.NEXT.FACT-${RACE}.inference`)],
    ["gateway", "ends inference's group", say(`${JS}.CONSUMER.DELETE.FACT-${RACE}.inference`)],
    ["gateway", "reads the race log", say(`${JS}.CONSUMER.CREATE.RACE-${RACE}.x`)],
    ["gateway", "hears the answers to a processor", hear("_INBOX_processor.>")],
    ["gateway", "hears everything", hear(">")],
    ["ingest", "makes up a fact", say(`fact.${RACE}.window.24`)],
    ["ingest", "corrects the fuel", say(`race.${RACE}.3.ml.24`)],
    ["ingest", "hears the upstream alone, in place of as one of its group", hear(`${UPSTREAM}.frames`)],
    ["processor", "sends telemetry", say(`race.${RACE}.3.tel.24`)],
    ["processor", "empties the race log", say(`${JS}.STREAM.PURGE.RACE-${RACE}`)],
    ["processor", "writes into another race", say("fact.other.lap.24")],
    ["inference", "sends telemetry", say(`race.${RACE}.3.tel.24`)],
    ["inference", "shows a value", say(`live.${RACE}.24`)],
    ["inference", "removes a stream", say(`${JS}.STREAM.DELETE.RACE-${RACE}`)],
    ["operator", "sends telemetry", say(`race.${RACE}.3.tel.24`)],
    ["operator", "takes windows away from inference", say(`${JS}.CONSUMER.MSG.NEXT.FACT-${RACE}.inference`)],
    ["operator", "ends inference's group", say(`${JS}.CONSUMER.DELETE.FACT-${RACE}.inference`)],
    ["operator", "empties a stream", say(`${JS}.STREAM.PURGE.RACE-${RACE}`)],
    ["processor", "removes a stream", say(`${JS}.STREAM.DELETE.RACE-${RACE}`)],
  ])("%s %s: refused", async (app, _what, attempt) => {
    expect(await nats.refusal(app, attempt)).toMatch(/permissions violation/i);
  });

  test.each<[NatsApp, string, Attempt]>([
    ["ingest", "sends telemetry", say(`race.${RACE}.3.tel.24`)],
    ["ingest", "hears the upstream as one of its group", hear(`${UPSTREAM}.frames`, `ingest-${RACE}`)],
    ["processor", "makes a fact", say(`fact.${RACE}.lap.24`)],
    ["inference", "corrects the fuel", say(`race.${RACE}.3.ml.24`)],
    ["operator", "makes the streams of any race", say(`${JS}.STREAM.CREATE.RACE-other`)],
    ["operator", "reads the log of any race", say(`${JS}.CONSUMER.CREATE.RACE-other.x`)],
    ["operator", "removes the streams of a race that is archived", say(`${JS}.STREAM.DELETE.RACE-other`)],
    ["operator", "backs a stream up", say(`${JS}.STREAM.SNAPSHOT.RACE-other`)],
    ["operator", "goes on with a backup", say("$JS.SNAPSHOT.ACK.RACE-other.b3")],
  ])("%s %s: allowed", async (app, _what, attempt) => {
    expect(await nats.refusal(app, attempt)).toBeUndefined();
  });
});
