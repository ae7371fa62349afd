import {
  create,
  ML_SCHEMA_VERSION,
  type MlCorrection,
  MlCorrectionSchema,
  partitionOf,
  subjects,
  toBinary,
} from "@burnline/contract";
import type { LogAppend } from "@burnline/stream";
import type { WindowRequest } from "./window-request.ts";

/** A correction larger than this is not believed: clipped. exp(0.35) is 42 % more, exp(-0.35) 30 % less. */
export const LOG_RATIO_PPM_MAX = 350_000;

/**
 * The model's answer as it goes into the log: whole millionths, clipped, quantiles in order (a model's may cross).
 * Undefined when an answer is not a finite number.
 */
export function toCorrection(
  request: WindowRequest,
  logRatios: readonly [number, number, number],
  modelVersion: string,
): MlCorrection | undefined {
  if (!logRatios.every((value) => Number.isFinite(value))) return undefined;
  const [p10 = 0, p50 = 0, p90 = 0] = logRatios.map(toClippedPpm).sort((a, b) => a - b);
  return create(MlCorrectionSchema, {
    schemaVersion: ML_SCHEMA_VERSION,
    car: request.car,
    windowStartMs: request.window.startMs,
    windowRevision: request.revision,
    logRatioPpmP10: p10,
    logRatioPpmP50: p50,
    logRatioPpmP90: p90,
    modelVersion,
  });
}

/**
 * The record for the race log. Its id names the question and who answered, so the same answer sent twice counts once.
 */
export function toLogAppend(race: string, correction: MlCorrection): LogAppend {
  const { car, windowStartMs, windowRevision, modelVersion } = correction;
  const partition = partitionOf(car);
  return {
    partition,
    subject: subjects.ml(race, partition, car),
    payload: toBinary(MlCorrectionSchema, correction),
    messageId: `ml:${car}:${windowStartMs}:${windowRevision}:${modelVersion}`,
  };
}

function toClippedPpm(logRatio: number): number {
  const ppm = Math.round(logRatio * 1e6);
  // + 0 turns a negative zero into zero.
  return Math.min(LOG_RATIO_PPM_MAX, Math.max(-LOG_RATIO_PPM_MAX, ppm)) + 0;
}
