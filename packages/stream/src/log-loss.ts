import type { LogPosition } from "./ports.ts";

/** The log was trimmed in front of a reader. Said once; then the reader goes on with what is there. */
export class LogGapError extends Error {
  override readonly name = "LogGapError";
  readonly firstMissing: LogPosition;
  readonly firstPresent: LogPosition;

  constructor(firstMissing: LogPosition, firstPresent: LogPosition) {
    super(`the log was trimmed before it was read: ${firstMissing} to ${firstPresent - 1} are gone`);
    this.firstMissing = firstMissing;
    this.firstPresent = firstPresent;
  }
}

/** What a reader has read the log does not hold any more: it lost its tail, and gives the positions out again. */
export class LogTailLostError extends Error {
  override readonly name = "LogTailLostError";
  readonly position: LogPosition;

  constructor(position: LogPosition) {
    super(`the log has lost its tail: record ${position}, which was read from it, is not in it any more`);
    this.position = position;
  }
}
