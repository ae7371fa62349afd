import { err, ok, type Result } from "@burnline/std";
import { z } from "zod";

/** feature-schema.json: what the model was trained on, and so what it may be asked. */
const featureSchemaFile = z.strictObject({
  name: z.string().min(1),
  /** Stands on every correction. One subject-safe token. */
  version: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  featureSchemaVersion: z.int().positive(),
  /** The physics whose error the model learned; with another one its answer would be wrong. */
  physicsVersion: z.string().min(1),
  carProfiles: z.array(z.string().min(1)).min(1),
  /** Windows with less of their span covered by samples are declined. */
  sampleShareMin: z.number().min(0).max(1),
  onnxSha256: z.string().regex(/^[0-9a-f]{64}$/),
  input: z.string().min(1),
  output: z.string().min(1),
  /** In the model's order; min and max are the 0.1 % and 99.9 % quantiles of the training data. */
  features: z.array(z.strictObject({ name: z.string(), min: z.number(), max: z.number() })).min(1),
});

/** golden-vectors.json: inputs with the outputs that the training side computed without ONNX. */
const goldenVectorsFile = z.strictObject({
  toleranceAbs: z.number().positive(),
  inputs: z.array(z.array(z.number())).min(1),
  outputs: z.array(z.array(z.number()).length(3)).min(1),
});

export type ModelSchema = z.infer<typeof featureSchemaFile>;
export type GoldenVectors = z.infer<typeof goldenVectorsFile>;

export function parseModelSchema(text: string): Result<ModelSchema, string> {
  const parsed = parseJson(featureSchemaFile, text);
  if (!parsed.ok) return parsed;
  const inverted = parsed.value.features.find((feature) => feature.min > feature.max);
  return inverted === undefined ? parsed : err(`the range of feature ${inverted.name} is empty`);
}

export function parseGoldenVectors(text: string, columns: number): Result<GoldenVectors, string> {
  const parsed = parseJson(goldenVectorsFile, text);
  if (!parsed.ok) return parsed;
  const { inputs, outputs } = parsed.value;
  if (inputs.length !== outputs.length) return err(`${inputs.length} inputs but ${outputs.length} outputs`);
  const row = inputs.findIndex((input) => input.length !== columns);
  return row === -1 ? parsed : err(`input ${row} does not have ${columns} values`);
}

function parseJson<T>(schema: z.ZodType<T>, text: string): Result<T, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err("it is not JSON");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return err(`at ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "unknown fault"}`);
}
