import { type RedisConnection, redisScript } from "./redis-connection.ts";
import { assertRaceName, raceKey } from "./redis-keys.ts";
import { StorageError } from "./storage-error.ts";

/** How a race's keys are laid out. A server with a higher number was written by a newer Burnline. */
const REDIS_LAYOUT = 1;

/**
 * KEYS race; ARGV partitions, layout → what the race was begun with, put there if there was nothing. It never expires, as
 * its partitions do not: without it they would be taken for those of another division. Former versions let it.
 */
const CLAIM = redisScript(`
redis.call('HSETNX', KEYS[1], 'partitions', ARGV[1])
redis.call('HSETNX', KEYS[1], 'layout', ARGV[2])
redis.call('PERSIST', KEYS[1])
return redis.call('HMGET', KEYS[1], 'partitions', 'layout')
`);

/**
 * To be called before the race's partitions are touched.
 * @throws StorageError newer; unusable when the race was begun with another number of partitions.
 */
export async function claimRedisRace(connection: RedisConnection, race: string, partitions: number): Promise<void> {
  assertRaceName(race);
  const args = [String(partitions), String(REDIS_LAYOUT)];
  const reply = await connection.evaluate(CLAIM, [raceKey(race)], args);
  const [storedPartitions, layout] = Array.isArray(reply) ? reply.map(Number) : [];
  if (layout !== REDIS_LAYOUT) {
    throw new StorageError(
      "newer",
      `The race ${race} in Redis at ${connection.place} was written by a newer Burnline (layout ${layout}, this one knows ${REDIS_LAYOUT}): start that version, or choose another race by --race.`,
    );
  }
  if (storedPartitions !== partitions) {
    throw new StorageError(
      "unusable",
      `The race ${race} in Redis at ${connection.place} was begun with ${storedPartitions} partitions and this Burnline divides a race into ${partitions}: start the version that began it, or choose another race by --race.`,
    );
  }
}
