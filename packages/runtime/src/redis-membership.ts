import type { LeaseView, Member, Membership } from "@burnline/stream";
import { z } from "zod";
import { type RedisConnection, type RedisScript, redisScript } from "./redis-connection.ts";
import { assertRaceName, membersKey, partitionKeys } from "./redis-keys.ts";
import { REDIS_SERVER_TIME } from "./redis-scripts.ts";
import { StorageError } from "./storage-error.ts";

export interface RedisMembershipOptions {
  readonly race: string;
  /** Of the race; leases are looked for in 0 to partitions - 1. */
  readonly partitions: number;
  /** Lua that defines `now_ms()`, the clock by which heartbeats and leases end. Default: the server's time. */
  readonly nowMsLua?: string;
}

/** Members of a race at once; the heartbeat of one more is refused ("overloaded"). */
export const REDIS_MEMBERS_MAX = 1_000;

/** The members' key goes away by itself so long after the last heartbeat. */
const MEMBERS_KEPT_MS = 3_600_000;

/*
 * members  HASH  member id → "<end, ms> <beat> <member as JSON>"
 */

/** KEYS members; ARGV id, beat, ttl, json, members at most, ms the key is kept → 1, or 0 when there are too many. */
const HEARTBEAT = `
local now = now_ms()
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored then
  local ends, beat = string.match(stored, '^(%d+) (%d+) ')
  -- A heartbeat that was overtaken by a later one says nothing new.
  if tonumber(ends) > now and tonumber(beat) > tonumber(ARGV[2]) then return 1 end
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '^%d+')) <= now then redis.call('HDEL', KEYS[1], all[i]) end
  end
  if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[3]) .. ' ' .. ARGV[2] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
`;

/** KEYS members → JSON of each that has not run out; forgets the others. */
const MEMBERS = `
local now = now_ms()
local all, live = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local ends, json = string.match(all[i + 1], '^(%d+) %d+ (.*)$')
  if tonumber(ends) > now then
    live[#live + 1] = json
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return live
`;

/** KEYS members; ARGV id. */
const LEAVE = redisScript("redis.call('HDEL', KEYS[1], ARGV[1]) return 1");

/** KEYS meta of partitions → {index of the key, owner, epoch, ms left} of each that is held or has run out. */
const LEASES = `
local now = now_ms()
local held = {}
for i, key in ipairs(KEYS) do
  local m = redis.call('HMGET', key, 't', 'u', 'e', 'x')
  if m[1] then held[#held + 1] = {i - 1, m[2], tonumber(m[3]), tonumber(m[4]) - now} end
end
return held
`;

const LOAD = z.object({ partition: z.number(), weight: z.number() });
const MEMBER = z.object({
  memberId: z.string(),
  beat: z.number(),
  weight: z.number(),
  isDraining: z.boolean(),
  // Of an older processor, which does not say so, it is not assumed.
  logSilentMs: z.number().default(0),
  isCutOff: z.boolean().default(false),
  partitions: z.array(LOAD),
});

/** Who works on a race and who has which partition, in the Redis that also holds the leases. */
export class RedisMembership implements Membership {
  readonly #connection: RedisConnection;
  readonly #membersKey: string;
  readonly #metaKeys: readonly string[];
  readonly #scripts: { readonly heartbeat: RedisScript; readonly members: RedisScript; readonly leases: RedisScript };

  constructor(connection: RedisConnection, options: RedisMembershipOptions) {
    const { race, partitions, nowMsLua = REDIS_SERVER_TIME } = options;
    assertRaceName(race);
    this.#connection = connection;
    this.#membersKey = membersKey(race);
    this.#metaKeys = Array.from({ length: partitions }, (_, partition) => partitionKeys(race, partition)[0]);
    this.#scripts = {
      heartbeat: redisScript(nowMsLua + HEARTBEAT),
      members: redisScript(nowMsLua + MEMBERS),
      leases: redisScript(nowMsLua + LEASES),
    };
  }

  async heartbeat(member: Member, ttlMs: number): Promise<void> {
    const json = JSON.stringify(member);
    const args = [member.memberId, member.beat, ttlMs, json, REDIS_MEMBERS_MAX, MEMBERS_KEPT_MS].map(String);
    if ((await this.#connection.evaluate(this.#scripts.heartbeat, [this.#membersKey], args)) === 1) return;
    throw new StorageError(
      "overloaded",
      `The race already has its most of ${REDIS_MEMBERS_MAX} members in Redis at ${this.#connection.place}: run fewer processors.`,
    );
  }

  async members(): Promise<readonly Member[]> {
    const reply = await this.#connection.evaluate(this.#scripts.members, [this.#membersKey], []);
    const members = (Array.isArray(reply) ? reply : []).map((json) => this.#decode(String(json)));
    return members.sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  }

  async leave(memberId: string): Promise<void> {
    await this.#connection.evaluate(LEAVE, [this.#membersKey], [memberId]);
  }

  async leases(): Promise<readonly LeaseView[]> {
    const keys = this.#metaKeys;
    // In a cluster each partition has a node of its own; elsewhere one look shows all.
    const groups = this.#connection.isCluster ? keys.map((key) => [key]) : [keys];
    const replies = await Promise.all(
      groups.map((group) => this.#connection.evaluate(this.#scripts.leases, group, [])),
    );
    return replies.flatMap((reply, group) =>
      (Array.isArray(reply) ? reply : []).map(([index, ownerId, epoch, expiresInMs]) => ({
        partition: group + Number(index),
        ownerId: String(ownerId),
        epoch: Number(epoch),
        expiresInMs: Number(expiresInMs),
      })),
    );
  }

  #decode(json: string): Member {
    try {
      return MEMBER.parse(JSON.parse(json));
    } catch (error) {
      throw new StorageError(
        "corrupt",
        `A member of the race in Redis at ${this.#connection.place} wrote what is not understood here: run the same version of all processors.`,
        { cause: error },
      );
    }
  }
}
