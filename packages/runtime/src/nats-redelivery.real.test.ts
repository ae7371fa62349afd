import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Metrics } from "./metrics.ts";
import { openTestLog, readRecords, type TestLog, testLogOptions, textsOf } from "./testing/nats-test-logs.ts";
import { type RealServer, startNatsServer } from "./testing/real-servers.ts";
import { startTcpProxy } from "./testing/tcp-proxy.ts";

/** Long enough for what is acknowledged in time also on a busy machine. */
const ACK_MS = 1_000;

let server: RealServer;
let opened: TestLog[];

beforeEach(async () => {
  opened = [];
  server = await startNatsServer();
});
afterEach(async () => {
  for (const log of opened) await log.close();
  await server.stop();
});

interface CountedLog extends TestLog {
  /** Records that came again, as /metrics tells it; undefined: nothing is said of them. */
  redelivered(): Promise<number | undefined>;
  /** Acknowledgements that nobody confirmed. */
  unconfirmed(): Promise<number | undefined>;
}

async function open(options = testLogOptions({ durableAckMs: ACK_MS }), url = server.url): Promise<CountedLog> {
  const registry = new Metrics(["inference"]);
  const log = await openTestLog(url, options, { metrics: { registry, service: "inference" } });
  opened.push(log);
  const read = async (metric: string) => {
    const series = `inference_nats_${metric}{stream="${options.name}"} `;
    const line = (await registry.render()).split("\n").find((text) => text.startsWith(series));
    return line === undefined ? undefined : Number(line.slice(series.length));
  };
  return {
    ...log,
    redelivered: () => read("redelivered_records_total"),
    unconfirmed: () => read("acknowledge_failures_total"),
  };
}

const openGroup = ({ log, options }: TestLog) => log.openDurable("group", `${options.race}.`);

describe("a reader of a durable group", () => {
  test("says from its beginning that nothing came again, and goes on saying so while it acknowledges", async () => {
    const log = await open();
    const reader = await openGroup(log);
    expect(await log.redelivered()).toBe(0);
    for (const text of ["a", "b", "c"]) await log.log.append([log.record(text)]);
    for (let read = 0; read < 3; read++) await reader.acknowledge(await reader.next(1, 5_000));
    await sleep(2 * ACK_MS);
    expect(await reader.next(10, 0)).toEqual([]);
    expect(await log.redelivered()).toBe(0);
  });

  test("counts a record that is not acknowledged in time once for each time that it comes again", async () => {
    const log = await open();
    await log.log.append(["a", "b"].map((text) => log.record(text)));
    const reader = await openGroup(log);
    const [done, held] = await reader.next(2, 5_000);
    await reader.acknowledge([done!]);
    for (let time = 1; time <= 3; time++) {
      expect(await reader.next(10, 5_000)).toEqual([held]);
      expect(await log.redelivered()).toBe(time);
    }
    await reader.acknowledge([held!]);
    await log.log.append([log.record("c")]);
    expect(textsOf(await reader.next(10, 5_000))).toEqual(["c"]);
    expect(await log.redelivered()).toBe(3);
  });

  test("counts what another one held that died without a word", async () => {
    const dying = await open();
    const heir = await open(dying.options);
    await dying.log.append(["a", "b"].map((text) => dying.record(text)));
    expect(await (await openGroup(dying)).next(10, 5_000)).toHaveLength(2);
    await dying.link.connection.close();
    const reader = await openGroup(heir);
    const records = [...(await reader.next(10, 5_000))];
    while (records.length < 2) records.push(...(await reader.next(10, 5_000)));
    expect(textsOf(records)).toEqual(["a", "b"]);
    expect([await dying.redelivered(), await heir.redelivered()]).toEqual([0, 2]);
  });

  test("counts what another one gave back when it closed: it may have been worked on", async () => {
    const closing = await open(testLogOptions({ durableAckMs: 60_000 }));
    const other = await open(closing.options);
    await closing.log.append([closing.record("a")]);
    const first = await openGroup(closing);
    expect(textsOf(await first.next(10, 5_000))).toEqual(["a"]);
    await first.close();
    expect(textsOf(await (await openGroup(other)).next(10, 5_000))).toEqual(["a"]);
    expect([await closing.redelivered(), await other.redelivered()]).toEqual([0, 1]);
  });

  test("counts each acknowledgement that nobody confirms, and none that is confirmed", async () => {
    const proxy = await startTcpProxy(server.port);
    onTestFinished(() => proxy.close());
    const log = await open(testLogOptions({ durableAckMs: 60_000 }), `nats://127.0.0.1:${proxy.port}`);
    await log.log.append(["a", "b"].map((text) => log.record(text)));
    const reader = await openGroup(log);
    const [first, second] = await reader.next(2, 5_000);
    await reader.acknowledge([first!]);
    expect(await log.unconfirmed()).toBe(0);
    proxy.swallowReplies();
    await expect(reader.acknowledge([second!])).rejects.toMatchObject({ fault: "unreachable" });
    expect(await log.unconfirmed()).toBe(1);
  });
});

test("an ordered reader gets nothing twice, also from a server that was killed, and says nothing of it", async () => {
  const log = await open();
  await log.log.append(["a", "b"].map((text) => log.record(text)));
  const reader = await log.log.open({ after: 0 });
  expect(textsOf(await readRecords(reader, 2))).toEqual(["a", "b"]);
  const waiting = readRecords(reader, 1);
  await server.restart();
  await log.log.append([log.record("c")]);
  expect(textsOf(await waiting)).toEqual(["c"]);
  expect(await log.redelivered()).toBeUndefined();
});
