import { LogGapError, LogTailLostError } from "@burnline/stream";

/** What a gapless reader was told to be missing, for apps that know the ports by their types; undefined: another failure. */
export function lossOf(error: unknown): "gap" | "tail" | undefined {
  if (error instanceof LogGapError) return "gap";
  return error instanceof LogTailLostError ? "tail" : undefined;
}
