import type { Clock } from "@burnline/std";
import type { StateStore } from "@burnline/stream";
import { type RedisConnection, redisScript } from "../redis-connection.ts";

const CLOCK_KEY = "test:now-ms";

/** In place of the server's time: a key that only tests set, so that a test can let exactly 2,000 ms pass at once. */
export const TEST_NOW_MS_LUA = `
local function now_ms()
  return tonumber(redis.call('GET', '${CLOCK_KEY}'))
end
`;

const SET = redisScript("return redis.call('SET', KEYS[1], ARGV[1])");

export async function setTestClock(connection: RedisConnection, nowMs: number): Promise<void> {
  await connection.evaluate(SET, [CLOCK_KEY], [String(nowMs)]);
}

/** The store on a server without a clock of its own: it is told the time before each call that looks at it. */
export function onClock(store: StateStore, connection: RedisConnection, clock: Clock): StateStore {
  const tell = () => setTestClock(connection, clock.nowMs());
  return {
    acquire: (...args) => tell().then(() => store.acquire(...args)),
    renew: (...args) => tell().then(() => store.renew(...args)),
    release: (lease) => store.release(lease),
    load: (lease) => store.load(lease),
    commit: (lease, commit) => store.commit(lease, commit),
    reset: (lease, state) => store.reset(lease, state),
    outbox: (lease, maxRecords) => store.outbox(lease, maxRecords),
    trimOutbox: (lease, throughSequence) => store.trimOutbox(lease, throughSequence),
  };
}
