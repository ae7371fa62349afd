import { StorageError } from "./storage-error.ts";

/** One record of an append that will never be taken. */
export interface RefusedRecord {
  /** Place in the append, from 0. */
  readonly index: number;
  /** One subject token: "too-large", "bad-subject". */
  readonly reason: string;
}

/**
 * Some records were refused for good: sending them again cannot help. All the others of the same call are durable.
 */
export class RecordsRefusedError extends StorageError {
  readonly refused: readonly RefusedRecord[];

  constructor(what: string, refused: readonly RefusedRecord[]) {
    const reasons = [...new Set(refused.map(({ reason }) => reason))].join(", ");
    super("refused", `The ${what} will never take ${refused.length} of these records (${reasons}).`);
    this.name = "RecordsRefusedError";
    this.refused = refused;
  }
}
