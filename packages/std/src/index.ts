export { assert, InvariantError, unreachable } from "./assert.ts";
export type { Clock } from "./clock.ts";
export { StepClock } from "./clock.ts";
export { instead } from "./instead.ts";
export { Prng } from "./prng.ts";
export type { Err, Ok, Result } from "./result.ts";
export { err, ok } from "./result.ts";
export { RingBuffer } from "./ring-buffer.ts";
