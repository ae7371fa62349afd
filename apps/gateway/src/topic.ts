import { isCarId } from "@burnline/contract";

/** What a client may subscribe to: "board", "alerts" or "car/<car>". */
export type Topic =
  | { readonly type: "board" }
  | { readonly type: "alerts" }
  | { readonly type: "car"; readonly car: string };

const CAR_PREFIX = "car/";

/** Undefined for anything that is no topic. A car need not be known yet: it may still join the race. */
export function parseTopic(text: string): Topic | undefined {
  if (text === "board" || text === "alerts") return { type: text };
  if (!text.startsWith(CAR_PREFIX)) return undefined;
  const car = text.slice(CAR_PREFIX.length);
  return isCarId(car) ? { type: "car", car } : undefined;
}
