import { afterAll, beforeAll, expect, test } from "vitest";
import { SNAPSHOTS_KEPT } from "./memory-snapshot-store.ts";
import { connectNats, type NatsLink } from "./nats-link.ts";
import { NatsSnapshotStore } from "./nats-snapshot-store.ts";
import { type RealServer, startNatsServer } from "./testing/real-servers.ts";

const OPTIONS = { replicas: 1, maxAgeMs: 3_600_000, maxBytes: 64 * 1024 * 1024 };
const SMALL_BYTES = 100;
/** Too large for an entry. */
const LARGE_BYTES = 400 * 1024;
const PARTITION = 7;

let server: RealServer;
let link: NatsLink;

beforeAll(async () => {
  server = await startNatsServer();
  link = await connectNats({ servers: [server.url], name: "test" });
});
afterAll(async () => {
  await link.close();
  await server.stop();
});

const snapshot = (position: number, size: number) => ({
  ...{ partition: PARTITION, position },
  bytes: new Uint8Array(size).fill(position % 256),
});

async function consumersOf(bucket: string): Promise<number> {
  const streams = await Promise.all(
    [`KV_${bucket}`, `OBJ_${bucket}`].map((stream) => link.manager.streams.info(stream)),
  );
  return streams.reduce((count, { state }) => count + state.consumer_count, 0);
}

// A server takes 1,000 consumers per stream, and one that nobody deletes lives for minutes: 64 partitions that leave one
// behind with each snapshot get there in the third minute of a race.
test("writing and reading snapshots leaves no consumer on the server, whatever their size", async () => {
  const store = await NatsSnapshotStore.open(link, { ...OPTIONS, bucket: "no_consumers" });
  for (let position = 1; position <= 6; position++) {
    expect(await store.put(snapshot(position, position % 2 === 0 ? LARGE_BYTES : SMALL_BYTES))).toBe(true);
    await store.list(PARTITION);
  }
  expect(await consumersOf("no_consumers")).toBe(0);
});

test("of large snapshots only those that are kept leave anything behind", async () => {
  const store = await NatsSnapshotStore.open(link, { ...OPTIONS, bucket: "large" });
  for (let position = 1; position <= 12; position++) await store.put(snapshot(position, LARGE_BYTES));
  const listed = await store.list(PARTITION);
  expect(listed.map(({ position }) => position)).toEqual([12, 11, 10]);
  for (const { position, bytes } of listed) expect(bytes).toEqual(snapshot(position, LARGE_BYTES).bytes);
  const { state } = await link.manager.streams.info("OBJ_large");
  // Of each kept one its description and its pieces.
  expect(state.num_subjects).toBe(2 * SNAPSHOTS_KEPT);
});

test("of two writers with large snapshots none is shown the other's bytes under its position", async () => {
  const bucket = "two_writers";
  const [ours, theirs] = [
    await NatsSnapshotStore.open(link, { ...OPTIONS, bucket }),
    await NatsSnapshotStore.open(link, { ...OPTIONS, bucket }),
  ];
  for (let position = 10; position <= 40; position += 2) {
    await Promise.all([ours.put(snapshot(position, LARGE_BYTES)), theirs.put(snapshot(position - 1, LARGE_BYTES))]);
  }
  const listed = await ours.list(PARTITION);
  expect(listed[0]?.position).toBe(40);
  for (const { position, bytes } of listed) expect(bytes).toEqual(snapshot(position, LARGE_BYTES).bytes);
});
