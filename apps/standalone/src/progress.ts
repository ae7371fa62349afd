import type { Gateway } from "@burnline/gateway";
import type { Ingest } from "@burnline/ingest";
import type { Logger } from "@burnline/runtime";
import { progressLine } from "./progress-line.ts";

/** On a terminal one line is drawn over and over; in a log file a line now and then is enough. */
const TERMINAL_INTERVAL_MS = 1_000;
const LOG_INTERVAL_MS = 30_000;

export interface ProgressSources {
  readonly gateway: Gateway;
  readonly ingest: Ingest;
  readonly url: string;
  readonly logger: Logger;
}

/** Says every so often how the race goes. Returns the way to stop. */
export function reportProgress({ gateway, ingest, url, logger }: ProgressSources): () => void {
  const onTerminal = process.stderr.isTTY === true;
  const intervalMs = onTerminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  let frames = ingest.counts()?.framesAdmitted ?? 0;
  const timer = setInterval(() => {
    const admitted = ingest.counts()?.framesAdmitted ?? frames;
    const framesPerSecond = ((admitted - frames) * 1_000) / intervalMs;
    frames = admitted;
    const line = progressLine({ race: gateway.view.raceView, framesPerSecond, clients: gateway.feed.clientCount, url });
    if (onTerminal) process.stderr.write(`\r\x1b[2K  ${line}`);
    else logger.info({}, line);
  }, intervalMs);
  return () => {
    clearInterval(timer);
    if (onTerminal) process.stderr.write("\n");
  };
}
