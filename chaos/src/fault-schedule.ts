import type { Prng } from "@burnline/std";
import type { FaultKind } from "./faults.ts";

/** A fault, its end, a new processor if need be and some calm take so long; the slowest, a freeze, up to 10 s. */
const SLOT_MS = 11_500;

/** Every kind once per round, each round in another order, as many rounds as there is time for. */
export function scheduleFaults(kinds: readonly FaultKind[], minutes: number, prng: Prng): readonly FaultKind[] {
  const rounds = Math.max(1, Math.floor((minutes * 60_000) / (kinds.length * SLOT_MS)));
  return Array.from({ length: rounds }, () => shuffled(kinds, prng)).flat();
}

function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const rest = [...items];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(prng.integer(0, rest.length - 1), 1));
  return order;
}
