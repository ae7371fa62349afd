import type { Logger, Part } from "@burnline/runtime";
import type { Ingest } from "./ingest.ts";

export interface IngestPartOptions {
  readonly logger: Logger;
  readonly onFault: (part: string, error: unknown) => void;
  /** Said when the source has no more, unless it was told to stop. */
  readonly endedText: string;
  /** For what still waits to be written. Default: that of any part. */
  readonly stopMsMax?: number;
}

/** An ingest as a part of a process, whose fault it is when the source fails. */
export function ingestPart(ingest: Ingest, { logger, onFault, endedText, stopMsMax }: IngestPartOptions): Part {
  let isStopping = false;
  return {
    name: "ingest",
    start: async () => {
      await ingest.start();
      ingest.done.then(
        () => {
          if (!isStopping) logger.info({}, endedText);
        },
        (error: unknown) => onFault("ingest", error),
      );
    },
    stop: () => {
      isStopping = true;
      return ingest.stop();
    },
    ...(stopMsMax === undefined ? {} : { stopMsMax }),
  };
}
