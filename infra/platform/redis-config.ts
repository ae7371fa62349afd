export const REDIS_PORT = 6379;
export const REDIS_USER = "burnline";
/** The processor reads settings at its start (CONFIG GET), and writes none. */
export const REDIS_USER_RIGHTS = "~* &* +@all -@dangerous +info +config|get +keys";
/** While the append-only file is written anew, a fork keeps its own copy of every page that changes. */
const MEMORY_SHARE_FOR_DATA = 0.7;

/** @param memoryMb of the pod @returns what may be data */
export function redisDataMb(memoryMb: number): number {
  return Math.floor(memoryMb * MEMORY_SHARE_FOR_DATA);
}
