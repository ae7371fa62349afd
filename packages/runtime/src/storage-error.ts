import { OperatingError } from "./operating-error.ts";

/**
 * What went wrong with a store, so that a caller can decide without reading the sentence.
 * locked: another process has the folder. full: no room left. corrupt: not our database, or damaged. newer: written by
 * a later version. unusable: the folder cannot be made, read or written. overloaded: too many writes wait.
 * closed: used after close. unreachable: a server did not answer in time; what was asked of it may have been done.
 * refused: a server does not let us do it (password, rights). failed: anything else, see `cause`.
 */
export type StorageFault =
  | "locked"
  | "full"
  | "corrupt"
  | "newer"
  | "unusable"
  | "overloaded"
  | "closed"
  | "unreachable"
  | "refused"
  | "failed";

/** An operating failure of a store. The message is one sentence for the person who runs the program. */
export class StorageError extends OperatingError {
  readonly fault: StorageFault;

  constructor(fault: StorageFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StorageError";
    this.fault = fault;
  }
}

// Primary result codes of https://www.sqlite.org/rescode.html; the extended code keeps them in its low byte.
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** Turns what SQLite or the file system threw into a StorageError; passes everything else through. */
export function toStorageError(error: unknown, path: string): unknown {
  if (error instanceof StorageError || !(error instanceof Error)) return error;
  const cause = { cause: error };
  const code = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
  switch (code) {
    case undefined:
      return "syscall" in error ? new StorageError("unusable", unusableText(path, error.message), cause) : error;
    case SQLITE_FULL:
      return new StorageError(
        "full",
        `There is no room left for ${path}: free some disk space (or raise the size limit) and start again; nothing stored is lost.`,
        cause,
      );
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new StorageError(
        "corrupt",
        `${path} is damaged or not a Burnline database: move it away to start empty, or restore a copy of it.`,
        cause,
      );
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new StorageError(
        "locked",
        `${path} is locked by another program: close that program and try again.`,
        cause,
      );
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new StorageError("unusable", unusableText(path, error.message), cause);
    default:
      return new StorageError(
        "failed",
        `The database ${path} failed (${error.message}): check its disk and start again; nothing stored is lost.`,
        cause,
      );
  }
}

function unusableText(path: string, reason: string): string {
  return `${path} cannot be used (${reason}): choose a folder that this user may write to, for example with --data.`;
}
