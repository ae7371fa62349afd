import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { SourceError } from "./source.ts";

/** What only the simulator knows, in a file of its own that no part of the chain reads. */
export interface TruthFile {
  write(line: string): void;
  close(): void;
}

/**
 * One JSON object a line; begun anew each time, since a resumed simulation tells its truth again from the start. Written
 * at once, a few lines per simulated lap, so that a kill leaves whole lines.
 * @throws SourceError when the file cannot be written.
 */
export function openTruthFile(path: string): TruthFile {
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      throw new SourceError(`${basename(path)}: the truth cannot be written; check the path ${path} and the disk.`, {
        cause,
      });
    }
  };
  const file = guarded(() => openSync(path, "w"));
  return {
    write: (line) => guarded(() => writeSync(file, line)),
    close: () => closeSync(file),
  };
}
