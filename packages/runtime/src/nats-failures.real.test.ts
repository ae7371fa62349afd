import type { LogRecord } from "@burnline/stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTestLog, readRecords, type TestLog, testLogOptions, textsOf } from "./testing/nats-test-logs.ts";
import { type RealServer, startNatsServer } from "./testing/real-servers.ts";
import { startTcpProxy, type TcpProxy } from "./testing/tcp-proxy.ts";

let server: RealServer;
let opened: TestLog[];
let proxies: TcpProxy[];

beforeEach(async () => {
  opened = [];
  proxies = [];
  server = await startNatsServer();
});
afterEach(async () => {
  for (const log of opened) await log.close();
  for (const proxy of proxies) await proxy.close();
  await server.stop();
});

async function open(url = server.url, options = testLogOptions()): Promise<TestLog> {
  const log = await openTestLog(url, options);
  opened.push(log);
  return log;
}

async function openThroughProxy(): Promise<{ proxy: TcpProxy; far: TestLog; near: TestLog }> {
  const proxy = await startTcpProxy(server.port);
  proxies.push(proxy);
  const near = await open();
  return { proxy, near, far: await open(`nats://127.0.0.1:${proxy.port}`, near.options) };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

function expectOneOfEach(records: readonly LogRecord[], texts: readonly string[]): void {
  expect(textsOf(records)).toEqual(texts);
  const positions = records.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  expect(new Set(positions).size).toBe(records.length);
}

describe("a server that is killed and comes back", () => {
  test("takes each record once, in order, while one appends and one reads on", async () => {
    const { log, record } = await open();
    const reader = await log.open({ partition: 3, after: 0 });
    const texts = numbers(3_000);
    const reading = readRecords(reader, texts.length);
    const appending = Promise.all(texts.map((text) => log.append([record(text)])));
    await reader.next(1, 10_000).catch(() => []);
    await server.restart();
    const positions = (await appending).flat();
    const records = await reading;
    expectOneOfEach(records, texts);
    expect(records.map(({ position }) => position)).toEqual(positions);
  });

  test("is waited for by a reader at the end of the log, which goes on without gap or repeat", async () => {
    const { log, record } = await open();
    await log.append(["a", "b"].map((text) => record(text)));
    const reader = await log.open({ after: 0 });
    expect(textsOf(await readRecords(reader, 2))).toEqual(["a", "b"]);
    const waiting = readRecords(reader, 2);
    await server.restart();
    await log.append([record("c"), record("d")]);
    expect(textsOf(await waiting)).toEqual(["c", "d"]);
    expect(await reader.next(10, 0)).toEqual([]);
  });

  test("gives a durable group what it has not acknowledged", async () => {
    const { log, record, options } = await open(server.url, testLogOptions({ durableAckMs: 300 }));
    await log.append(["a", "b", "c"].map((text) => record(text)));
    const reader = await log.openDurable("group", `${options.race}.`);
    const first = await reader.next(10, 5_000);
    await reader.acknowledge(first.slice(0, 1));
    const waiting = reader.next(10, 20_000);
    await server.restart();
    const again = await waiting;
    // A server writes acknowledgements down a moment later: killed in between it gives that record once more.
    expect(textsOf(again).slice(-2)).toEqual(["b", "c"]);
    await reader.acknowledge(again);
    expect(await reader.next(10, 0)).toEqual([]);
  });

  test("rejects as unreachable what nobody takes for too long, and takes it afterwards", async () => {
    const { link, log, record } = await open();
    await server.kill("SIGKILL");
    const unreachable = { fault: "unreachable" };
    await expect(log.append([record("a")])).rejects.toMatchObject(unreachable);
    await expect(log.open({ after: 0 })).rejects.toMatchObject(unreachable);
    await expect(log.bounds()).rejects.toMatchObject(unreachable);
    const connected = new Promise<void>((resolve) => link.listen({ connected: resolve }));
    await server.restart();
    await connected;
    expect(await log.append([record("a")])).toEqual([1]);
  });
});

test("a frozen server is left after its pings, and the reader goes on when it thaws", async () => {
  const { link, log, record } = await open();
  const reader = await log.open({ after: 0 });
  await log.append([record("a")]);
  await readRecords(reader, 1);
  const lost = new Promise<void>((resolve) => link.listen({ disconnected: resolve }));
  await server.kill("SIGSTOP");
  const appending = log.append([record("b")]);
  await lost;
  await server.kill("SIGCONT");
  await appending;
  expect(textsOf(await readRecords(reader, 1))).toEqual(["b"]);
  await log.append([record("c")]);
  expect(textsOf(await readRecords(reader, 1))).toEqual(["c"]);
});

describe("an acknowledgement that is lost on the way", () => {
  test("leads to the same position for records with an id, and to one record each", async () => {
    const { proxy, near, far } = await openThroughProxy();
    const watcher = await near.log.open({ after: 0 });
    proxy.swallowReplies();
    const appending = far.log.append(numbers(20).map((text) => far.record(text)));
    const stored = await readRecords(watcher, 20);
    proxy.cut();
    expect(await appending).toEqual(stored.map(({ position }) => position));
    expect(await watcher.next(10, 0)).toEqual([]);
  });

  test("rejects records without an id, because they may be stored, and does not store them twice", async () => {
    const { proxy, near, far } = await openThroughProxy();
    const watcher = await near.log.open({ after: 0 });
    proxy.swallowReplies();
    const appending = far.log.append([far.record("once", false)]);
    await readRecords(watcher, 1);
    proxy.cut();
    await expect(appending).rejects.toMatchObject({ fault: "unreachable" });
    expect(await near.log.bounds()).toEqual({ first: 1, last: 1 });
  });
});

describe("a consumer that somebody deletes", () => {
  test("is made again by its reader where it was", async () => {
    const { link, log, record, options } = await open();
    const reader = await log.open({ after: 0 });
    await log.append(["a", "b"].map((text) => record(text)));
    expect(textsOf(await readRecords(reader, 2))).toEqual(["a", "b"]);
    const waiting = readRecords(reader, 1);
    for await (const { name } of link.manager.consumers.list(options.name)) {
      await link.manager.consumers.delete(options.name, name);
    }
    await log.append([record("c")]);
    expect(textsOf(await waiting)).toEqual(["c"]);
  });

  test("together with its stream ends the reader with a sentence", async () => {
    const { link, log, options } = await open();
    const reader = await log.open({ after: 0 });
    await link.manager.streams.delete(options.name);
    const read = async () => {
      while ((await reader.next(1, 20_000)).length === 0);
    };
    await expect(read()).rejects.toMatchObject({ fault: "unusable" });
  });
});

test("a crowd of readers far behind does not overrun the connection that they share", async () => {
  const { link, log, options } = await open();
  const payload = new Uint8Array(10_000);
  const records = Array.from({ length: 12_800 }, (_, index) => {
    const partition = index % 64;
    return { partition, subject: `${options.race}.${partition}.tel.24`, payload };
  });
  await log.append(records);
  let disconnections = 0;
  link.listen({ disconnected: () => disconnections++ });
  const readers = await Promise.all(Array.from({ length: 64 }, (_, partition) => log.open({ after: 0, partition })));
  const read = await Promise.all(readers.map((reader) => readRecords(reader, 200)));
  expect(read.flat()).toHaveLength(records.length);
  expect(disconnections).toBe(0);
});

test("a record larger than what is fetched ahead is read all the same", async () => {
  const { log, record } = await open();
  const large = { ...record("large"), payload: new Uint8Array(1_000_000).fill(9) };
  await log.append([record("a"), large, record("b")]);
  const read = await readRecords(await log.open({ after: 0 }), 3);
  expect(read.map(({ payload }) => payload.byteLength)).toEqual([1, 1_000_000, 1]);
});

describe("a stream at its limit", () => {
  const payload = new Uint8Array(100_000);

  test("that keeps what is old refuses what is new, and takes it again when there is room", async () => {
    const { log, record } = await open(server.url, testLogOptions({ maxBytes: 1_000_000, discard: "new" }));
    const fill = async () => {
      for (let index = 0; ; index++) await log.append([{ ...record(`${index}`), payload }]);
    };
    await expect(fill()).rejects.toMatchObject({ fault: "full" });
    const { first, last } = await log.bounds();
    expect(first).toBe(1);
    await log.trim(last);
    expect(await log.append([{ ...record("later"), payload }])).toEqual([last + 1]);
  });

  test("that takes what is new shows the gap to who starts in front of it", async () => {
    const { log, record } = await open(server.url, testLogOptions({ maxBytes: 1_000_000, discard: "old" }));
    for (const text of numbers(20)) await log.append([{ ...record(text), payload }]);
    const { first, last } = await log.bounds();
    expect(last).toBe(20);
    expect(first).toBeGreaterThan(1);
    const reader = await log.open({ after: 0 });
    expect((await readRecords(reader, last - first + 1)).map(({ position }) => position)[0]).toBe(first);
  });
});

test("records that can never be taken are named by their place; the others of the call are stored", async () => {
  const { log, record, options } = await open();
  const tooLarge = { ...record("large"), payload: new Uint8Array(2 * 1024 * 1024) };
  const badSubject = { ...record("bad"), subject: `${options.race}.3.tel.a b` };
  const foreign = { ...record("foreign"), subject: "other.3.tel.24" };
  const elsewhere = { ...record("elsewhere"), partition: 4 };
  const appending = log.append([record("a"), tooLarge, badSubject, foreign, elsewhere, record("b")]);
  await expect(appending).rejects.toMatchObject({
    fault: "refused",
    refused: [
      { index: 1, reason: "too-large" },
      { index: 2, reason: "bad-subject" },
      { index: 3, reason: "foreign-subject" },
      { index: 4, reason: "wrong-partition" },
    ],
  });
  const reader = await log.open({ after: 0 });
  expect(textsOf(await readRecords(reader, 2))).toEqual(["a", "b"]);
});

test("appends beyond the cap of waiting records are refused as overload, the others arrive", async () => {
  const { log, record } = await open();
  const large = log.append(numbers(25_000).map((text) => record(text)));
  await expect(log.append([record("one too many")])).rejects.toMatchObject({ fault: "overloaded" });
  expect(await large).toHaveLength(25_000);
  expect(await log.append([record("later")])).toEqual([25_001]);
});

test("what a durable reader held that died without a word goes to another one", async () => {
  const first = await open(server.url, testLogOptions({ durableAckMs: 300 }));
  const second = await open(server.url, first.options);
  await first.log.append([first.record("a")]);
  const dying = await first.log.openDurable("group", `${first.options.race}.`);
  expect(textsOf(await dying.next(1, 5_000))).toEqual(["a"]);
  await first.link.connection.close();
  const heir = await second.log.openDurable("group", `${first.options.race}.`);
  expect(textsOf(await heir.next(1, 10_000))).toEqual(["a"]);
});
