import { CAR_PROFILE_IDS, FEATURE_NAMES, FEATURE_SCHEMA_VERSION, PHYSICS_VERSION } from "@burnline/fuel";
import type { ResidualModel } from "@burnline/inference";

const RANGE = 1e9;

/**
 * A model that answers everything, by a plain function of the features: what it says does not matter here, only that
 * its answers go through the log, are applied once and replay alike.
 */
export function simulatedModel(): ResidualModel {
  return {
    schema: {
      name: "simulated",
      version: "simulated-1",
      featureSchemaVersion: FEATURE_SCHEMA_VERSION,
      physicsVersion: PHYSICS_VERSION,
      carProfiles: [...CAR_PROFILE_IDS],
      sampleShareMin: 0,
      onnxSha256: "0".repeat(64),
      input: "features",
      output: "quantiles",
      features: FEATURE_NAMES.map((name) => ({ name, min: -RANGE, max: RANGE })),
    },
    predict: async (features, count) => {
      const columns = FEATURE_NAMES.length;
      const answers = new Float32Array(count * 3);
      for (let row = 0; row < count; row++) {
        const middle = 0.05 * Math.sin(features[row * columns] ?? 0);
        answers.set([middle - 0.02, middle, middle + 0.02], row * 3);
      }
      return answers;
    },
    release: async () => undefined,
  };
}
