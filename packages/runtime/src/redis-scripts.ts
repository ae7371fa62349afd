import { type RedisScript, redisScript } from "./redis-connection.ts";

/**
 * The store's clock: the server's. One of a replica that becomes master may differ by its error, which moves when a lease
 * ends, never what is committed: that hangs on the token alone.
 */
export const REDIS_SERVER_TIME = `
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
`;

/** Outbox records of a partition that may wait; a commit that would bring more is refused ("full"): the sink stands still. */
export const REDIS_OUTBOX_RECORDS_MAX = 100_000;
/** Entries (cars and the like) of a partition; a commit that would bring more is refused ("full"). */
export const REDIS_ENTRIES_MAX = 100_000;

/** Under it, among the entries, the store counts its writes. */
export const REDIS_WRITES_KEY = "";

/*
 * A partition is three keys of one hash slot:
 *   meta     HASH  t token · u its owner · e epoch · x end of the lease, ms · p position · s schema version
 *                  a "<position>:<when the log took the record there, ms>"; of another position it says nothing: a version
 *                  that does not know it moves p alone
 *                  o sequence of the newest outbox record · q records in the outbox · k entries
 *                  w writer and n number of the last write, by which a write that is asked for twice is known
 *                  c count of the writes of position, entries and outbox
 *   entries  HASH  key → bytes, and under the empty key the same count as c
 *   outbox   LIST  records, oldest first; the newest has sequence o, so the oldest has o - q + 1
 *
 * q and k are held against the real lengths: a store from which someone or something took a key is found out, not used.
 * And each write sets c and counts the other one up: a Redis that leaves out a write when it starts again and takes a later
 * one (as it does with what its default user may not do, redis#14541) makes them differ. Each write being one of two keys,
 * it is a transaction as well: none is taken where others are not because it changed less.
 * A script that fails in the middle is not taken back. So everything is read and checked first; and the first write is
 * one that a full memory, a full disk or a replica refuses, in which case none was made.
 */

/** What is emptied or replaced counts on from here, so that its former entries, if they come back, are never taken for it. */
const NEXT_COUNT = `
local function next_count(writes)
  return math.max(tonumber(writes or 0), tonumber(redis.call('HGET', KEYS[2], '${REDIS_WRITES_KEY}') or 0)) + 1
end
`;

const WHOLE = `
local function is_whole(entries, waiting, writes)
  local written = tonumber(redis.call('HGET', KEYS[2], '${REDIS_WRITES_KEY}') or 0)
  return written == tonumber(writes or 0) and redis.call('LLEN', KEYS[3]) == tonumber(waiting or 0)
    and redis.call('HLEN', KEYS[2]) == tonumber(entries or 0) + (written > 0 and 1 or 0)
end
`;

/** KEYS meta entries outbox; ARGV owner, ttl, uuid, epoch that may be taken from its holder or ''. → {token, epoch} or nil. */
const ACQUIRE = `
local m = redis.call('HMGET', KEYS[1], 't', 'u', 'e', 'x')
local epoch = tonumber(m[3] or 0)
if m[1] and m[2] == ARGV[1] and m[1] == epoch .. ':' .. ARGV[3] then return {m[1], epoch} end
local now = now_ms()
if m[1] and m[2] ~= ARGV[1] and tonumber(m[4]) > now and ARGV[4] ~= tostring(epoch) then return nil end
epoch = epoch + 1
local token = epoch .. ':' .. ARGV[3]
redis.call('HSET', KEYS[1], 't', token, 'u', ARGV[1], 'e', epoch, 'x', now + ARGV[2])
return {token, epoch}
`;

/** KEYS meta entries outbox; ARGV token, ttl → 1, or 0 when the lease is another's. */
const RENEW = `
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'x', now_ms() + ARGV[2])
return 1
`;

/** KEYS meta entries outbox; ARGV token. */
const RELEASE = `
if redis.call('HGET', KEYS[1], 't') == ARGV[1] then redis.call('HDEL', KEYS[1], 't') end
return 1
`;

/**
 * KEYS meta entries outbox; ARGV token → {position, schema version, entries with the count, damaged, a} or nil. A damaged
 * partition is emptied, so that its owner recovers it from a snapshot and the log like one that was never there.
 */
const LOAD = `
local m = redis.call('HMGET', KEYS[1], 't', 'p', 's', 'k', 'q', 'c', 'a')
if m[1] ~= ARGV[1] then return nil end
if not is_whole(m[4], m[5], m[6]) then
  local c = next_count(m[6])
  redis.call('HSET', KEYS[1], 'p', 0, 's', 0, 'k', 0, 'q', 0, 'c', c)
  redis.call('DEL', KEYS[2], KEYS[3])
  redis.call('HSET', KEYS[2], '${REDIS_WRITES_KEY}', c)
  return {'0', '0', {}, 1, ''}
end
return {m[2] or '0', m[3] or '0', redis.call('HGETALL', KEYS[2]), 0, m[7] or ''}
`;

// Lua takes at most 8,000 values at once; an even number keeps a key and its value together.
const SPREAD = `
local function spread(command, key, first, last)
  local done = 0
  for i = first, last, 4000 do
    done = done + redis.call(command, key, unpack(ARGV, i, math.min(i + 3999, last)))
  end
  return done
end
`;

/**
 * KEYS meta entries outbox; ARGV token, previous position, next position, schema version, writer, number of the write, a,
 * count of entries to put, count of entries to delete, then key and value of the former, keys of the latter, records.
 */
const COMMIT = `
local m = redis.call('HMGET', KEYS[1], 't', 'p', 'w', 'n', 'o', 'q', 'k', 'c')
if m[1] ~= ARGV[1] then return 'fenced' end
local number = tonumber(ARGV[6])
if m[3] == ARGV[5] and number <= tonumber(m[4]) then
  if number == tonumber(m[4]) then return 'committed' end
  return 'conflict'
end
if (m[2] or '0') ~= ARGV[2] then return 'conflict' end
if not is_whole(m[7], m[6], m[8]) then return 'conflict' end
local entries, waiting = tonumber(m[7] or 0), tonumber(m[6] or 0)
local puts, dels = tonumber(ARGV[8]), tonumber(ARGV[9])
local added = #ARGV - 9 - 2 * puts - dels
if waiting + added > ${REDIS_OUTBOX_RECORDS_MAX} or entries + puts > ${REDIS_ENTRIES_MAX} then return 'full' end
redis.call('HSET', KEYS[1], 'p', ARGV[3], 's', ARGV[4], 'w', ARGV[5], 'n', ARGV[6],
  'a', ARGV[7], 'o', tonumber(m[5] or 0) + added, 'q', waiting + added, 'c', tonumber(m[8] or 0) + 1)
redis.call('HINCRBY', KEYS[2], '${REDIS_WRITES_KEY}', 1)
local k = entries + spread('HSET', KEYS[2], 10, 9 + 2 * puts)
k = k - spread('HDEL', KEYS[2], 10 + 2 * puts, 9 + 2 * puts + dels)
if added > 0 then spread('RPUSH', KEYS[3], 10 + 2 * puts + dels, #ARGV) end
if k ~= entries then redis.call('HSET', KEYS[1], 'k', k) end
return 'committed'
`;

/** KEYS meta entries outbox; ARGV token, position, schema version, writer, number of the write, a, then keys and values. */
const RESET = `
local m = redis.call('HMGET', KEYS[1], 't', 'w', 'n', 'c')
if m[1] ~= ARGV[1] then return 'fenced' end
local number = tonumber(ARGV[5])
if m[2] == ARGV[4] and number <= tonumber(m[3]) then
  if number == tonumber(m[3]) then return 'committed' end
  return 'conflict'
end
local c = next_count(m[4])
redis.call('HSET', KEYS[1], 'p', ARGV[2], 's', ARGV[3], 'w', ARGV[4], 'n', ARGV[5], 'a', ARGV[6],
  'q', 0, 'k', (#ARGV - 6) / 2, 'c', c)
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('HSET', KEYS[2], '${REDIS_WRITES_KEY}', c)
spread('HSET', KEYS[2], 7, #ARGV)
return 'committed'
`;

/** KEYS meta entries outbox; ARGV token, records at most → {sequence of the first, records…}; {} when the lease is another's. */
const OUTBOX = `
local m = redis.call('HMGET', KEYS[1], 't', 'o', 'q')
if m[1] ~= ARGV[1] then return {} end
local records = redis.call('LRANGE', KEYS[3], 0, ARGV[2] - 1)
table.insert(records, 1, tonumber(m[2] or 0) - tonumber(m[3] or 0) + 1)
return records
`;

/** KEYS meta entries outbox; ARGV token, sequence. */
const TRIM = `
local m = redis.call('HMGET', KEYS[1], 't', 'o', 'q', 'c')
if m[1] ~= ARGV[1] then return 'fenced' end
local waiting = tonumber(m[3] or 0)
local gone = math.min(waiting, tonumber(ARGV[2]) - (tonumber(m[2] or 0) - waiting))
if gone > 0 then
  redis.call('HSET', KEYS[1], 'q', waiting - gone, 'c', tonumber(m[4] or 0) + 1)
  redis.call('HINCRBY', KEYS[2], '${REDIS_WRITES_KEY}', 1)
  redis.call('LTRIM', KEYS[3], gone, -1)
end
return 'committed'
`;

/** The scripts of the state store, on the given Lua text of `now_ms`. */
export function stateScripts(nowMs: string) {
  return {
    acquire: redisScript(nowMs + ACQUIRE),
    renew: redisScript(nowMs + RENEW),
    release: redisScript(RELEASE),
    load: redisScript(NEXT_COUNT + WHOLE + LOAD),
    commit: redisScript(WHOLE + SPREAD + COMMIT),
    reset: redisScript(NEXT_COUNT + SPREAD + RESET),
    outbox: redisScript(OUTBOX),
    trim: redisScript(TRIM),
  } satisfies Record<string, RedisScript>;
}
