import { assert } from "@burnline/std";

/** What stands between braces decides the hash slot, so a name must not hold any. */
const RACE_PATTERN = /^[^{}]{1,200}$/;

/** Meta, entries and outbox of a partition: three keys, one hash slot. */
export function partitionKeys(race: string, partition: number): [meta: string, entries: string, outbox: string] {
  const tag = `burnline:{${race}:${partition}}`;
  return [`${tag}:meta`, `${tag}:entries`, `${tag}:outbox`];
}

/** What is fixed for the race as a whole. */
export function raceKey(race: string): string {
  return `burnline:{${race}}:race`;
}

/** Who works on the race now. */
export function membersKey(race: string): string {
  return `burnline:{${race}}:members`;
}

export function assertRaceName(race: string): void {
  assert(RACE_PATTERN.test(race), "a race's name has 1 to 200 characters and no braces");
}
