import { PARTITION_COUNT } from "./limits.ts";

/**
 * FNV-1a 32 bit over the UTF-8 bytes of a key, modulo the number of partitions: the same number as the `partition()`
 * subject mapping of nats-server (server/subject_transform.go, getHashPartition).
 * Keys are restricted to ASCII by `isCarId`, so a char code is a byte.
 */
export function partitionOf(car: string, partitionCount: number = PARTITION_COUNT): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < car.length; index++) {
    hash ^= car.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % partitionCount;
}
