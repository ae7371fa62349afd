import { loadConfig, natsKeys, type Program, processKeys } from "@burnline/runtime";
import { z } from "zod";

const VERSION = "0.1.0";
const DEFAULT_PORT = 8083;
const MODEL_FOLDER = new URL("../../../models/burn-residual/1", import.meta.url).pathname;

const schema = z.object({
  ...processKeys(DEFAULT_PORT),
  ...natsKeys,
  modelFolder: z.string().default(MODEL_FOLDER).describe("Folder with the ONNX model and its description"),
});

const program: Program = {
  command: "npx node apps/inference/src/main.ts",
  name: "burnline inference",
  version: VERSION,
  summary: "lets a model correct the physics of a race's windows; any number of them share the windows",
};

/** The only reader of the environment in this app. */
export function inferenceConfig() {
  return loadConfig(schema, program, { argv: process.argv.slice(2), env: process.env });
}

export type InferenceConfig = Extract<ReturnType<typeof inferenceConfig>, { type: "config" }>["config"];
