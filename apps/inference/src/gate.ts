import { FlagState } from "@burnline/contract";
import type { ModelSchema } from "./model-metadata.ts";
import type { WindowRequest } from "./window-request.ts";

/** Why a window gets no correction; the reason is also the label of the counter. */
export type DeclineReason =
  | "undecodable"
  | "foreign-race"
  | "no-model"
  | "breaker-open"
  | "queue-full"
  | "no-burn"
  | "red-flag"
  | "missing-channel"
  | "feature-schema-version"
  | "physics-version"
  | "car-profile"
  | "few-samples"
  | "out-of-range";

/**
 * The out-of-distribution gate: a model is asked only about what it was trained on. Returns the first reason to decline,
 * or undefined. `carProfile` is undefined as long as no race definition was seen.
 */
export function declineReason(
  schema: ModelSchema,
  request: WindowRequest,
  carProfile: string | undefined,
): DeclineReason | undefined {
  const { window, physicsVersion } = request;
  if (window.features.length === 0) return "missing-channel";
  if (window.featureSchemaVersion !== schema.featureSchemaVersion) return "feature-schema-version";
  if (window.features.length !== schema.features.length) return "feature-schema-version";
  if (physicsVersion !== schema.physicsVersion) return "physics-version";
  if (carProfile === undefined || !schema.carProfiles.includes(carProfile)) return "car-profile";
  // An engine that is off burns nothing, whatever the model says, and a ratio to nothing means nothing.
  if (!(window.burnUg > 0)) return "no-burn";
  if (window.flag === FlagState.RED) return "red-flag";
  if (!(featureOf(request, schema, "sampleShare") >= schema.sampleShareMin)) return "few-samples";
  return firstOutOfRange(schema, window.features) === undefined ? undefined : "out-of-range";
}

/** Name of the first feature outside the range of the training data, or undefined. NaN is outside every range. */
export function firstOutOfRange(schema: ModelSchema, features: readonly number[]): string | undefined {
  return schema.features.find(({ min, max }, index) => {
    const value = features[index] ?? Number.NaN;
    return !(value >= min && value <= max);
  })?.name;
}

function featureOf(request: WindowRequest, schema: ModelSchema, name: string): number {
  const index = schema.features.findIndex((feature) => feature.name === name);
  return request.window.features[index] ?? Number.NaN;
}
