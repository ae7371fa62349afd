/**
 * A failure of the surroundings, not of the program. The message is one sentence that tells the person who runs it what
 * to do, so logs show it without a stack.
 */
export class OperatingError extends Error {}
