import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FEATURE_NAMES, FEATURE_SCHEMA_VERSION } from "@burnline/fuel";
import { err, ok, type Result } from "@burnline/std";
import { BATCHER_DEFAULTS } from "./batcher.ts";
import { type GoldenVectors, type ModelSchema, parseGoldenVectors, parseModelSchema } from "./model-metadata.ts";
import { OnnxResidualModel, QUANTILES, type ResidualModel } from "./residual-model.ts";

/** A model is a few hundred KiB; anything much larger is not ours and is not even parsed ("too large"). */
export const MODEL_BYTES_MAX = 16 * 1024 * 1024;

/** The first runs of a session allocate and are slow; they happen before the first real window. */
const WARM_UP_RUNS = 8;

/**
 * Loads `<folder>/{model.onnx, feature-schema.json, golden-vectors.json}` and proves it before it may serve:
 * checksum → shapes and types → golden vectors → warm-up. An error is one sentence that says what is wrong; the caller
 * goes on without a model, which means physics.
 */
export async function loadModel(folder: string): Promise<Result<ResidualModel, string>> {
  const files = await readModelFiles(folder);
  if (!files.ok) return files;
  const { onnx, schemaText, goldenText } = files.value;
  const schema = parseModelSchema(schemaText);
  if (!schema.ok) return err(`feature-schema.json of model ${folder} cannot be used: ${schema.error}.`);
  const mismatch = schemaFault(schema.value);
  if (mismatch !== undefined) return err(`Model ${folder} does not fit this program: ${mismatch}.`);
  const golden = parseGoldenVectors(goldenText, schema.value.features.length);
  if (!golden.ok) return err(`golden-vectors.json of model ${folder} cannot be used: ${golden.error}.`);
  const sha256 = createHash("sha256").update(onnx).digest("hex");
  if (sha256 !== schema.value.onnxSha256) {
    return err(`model.onnx in ${folder} is not the file that was released: its SHA-256 is ${sha256}.`);
  }
  return openChecked(folder, schema.value, onnx, golden.value);
}

async function openChecked(
  folder: string,
  schema: ModelSchema,
  onnx: Uint8Array,
  golden: GoldenVectors,
): Promise<Result<ResidualModel, string>> {
  let model: OnnxResidualModel;
  try {
    model = await OnnxResidualModel.create(schema, onnx);
  } catch (cause) {
    return err(`model.onnx in ${folder} cannot be read by onnxruntime: ${sentence(cause)}`);
  }
  const fault = model.signatureFault() ?? (await goldenFault(model, golden)) ?? (await warmUpFault(model));
  if (fault === undefined) return ok(model);
  await model.release();
  return err(`model.onnx in ${folder} must not serve: ${fault}.`);
}

interface ModelFiles {
  readonly onnx: Uint8Array;
  readonly schemaText: string;
  readonly goldenText: string;
}

async function readModelFiles(folder: string): Promise<Result<ModelFiles, string>> {
  try {
    const [onnx, schemaText, goldenText] = await Promise.all([
      readFile(join(folder, "model.onnx")),
      readFile(join(folder, "feature-schema.json"), "utf8"),
      readFile(join(folder, "golden-vectors.json"), "utf8"),
    ]);
    if (onnx.byteLength > MODEL_BYTES_MAX) {
      return err(`model.onnx in ${folder} is too large: ${onnx.byteLength} bytes, at most ${MODEL_BYTES_MAX}.`);
    }
    return ok({ onnx, schemaText, goldenText });
  } catch (cause) {
    return err(`Model ${folder} cannot be read: ${sentence(cause)}`);
  }
}

function schemaFault(schema: ModelSchema): string | undefined {
  if (schema.featureSchemaVersion !== FEATURE_SCHEMA_VERSION) {
    return `it wants feature schema ${schema.featureSchemaVersion}, windows carry ${FEATURE_SCHEMA_VERSION}`;
  }
  const names = schema.features.map((feature) => feature.name);
  const different = FEATURE_NAMES.findIndex((name, index) => names[index] !== name);
  if (different !== -1)
    return `its feature ${different} is ${names[different]}, windows carry ${FEATURE_NAMES[different]}`;
  return names.length === FEATURE_NAMES.length ? undefined : `it wants ${names.length} features`;
}

async function goldenFault(model: ResidualModel, golden: GoldenVectors): Promise<string | undefined> {
  const count = golden.inputs.length;
  const answers = await predictOrFault(model, Float32Array.from(golden.inputs.flat()), count);
  if (typeof answers === "string") return answers;
  let worst = 0;
  for (const [row, expected] of golden.outputs.entries()) {
    for (const [column, value] of expected.entries()) {
      const difference = Math.abs((answers[row * QUANTILES + column] ?? Number.NaN) - value);
      // Written so that NaN fails.
      if (!(difference <= golden.toleranceAbs))
        worst = Number.isNaN(difference) ? difference : Math.max(worst, difference);
    }
  }
  return worst === 0 ? undefined : `it misses its golden vectors by ${worst}, allowed are ${golden.toleranceAbs}`;
}

async function warmUpFault(model: ResidualModel): Promise<string | undefined> {
  const columns = model.schema.features.length;
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    const count = run % 2 === 0 ? BATCHER_DEFAULTS.batchMax : 1;
    const answers = await predictOrFault(model, new Float32Array(count * columns), count);
    if (typeof answers === "string") return answers;
  }
  return undefined;
}

async function predictOrFault(
  model: ResidualModel,
  features: Float32Array,
  count: number,
): Promise<Float32Array | string> {
  try {
    return await model.predict(features, count);
  } catch (cause) {
    return `a trial run failed: ${sentence(cause)}`;
  }
}

function sentence(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.endsWith(".") ? message : `${message}.`;
}
