import * as ort from "onnxruntime-node";
import type { ModelSchema } from "./model-metadata.ts";

/** Quantiles 10, 50 and 90 of log(true burn / physics burn). */
export const QUANTILES = 3;

/** A model that says by how much physics is wrong. */
export interface ResidualModel {
  readonly schema: ModelSchema;
  /**
   * @param features `count` rows of `schema.features.length` values.
   * @returns `count` rows of QUANTILES values.
   */
  predict(features: Float32Array, count: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * An ONNX model in this process. `run()` is asynchronous in name only: it blocks the event loop for as long as it
 * computes, so the caller keeps batches small. One thread, because two made the slowest runs several times slower.
 */
export class OnnxResidualModel implements ResidualModel {
  readonly schema: ModelSchema;
  readonly #session: ort.InferenceSession;

  private constructor(schema: ModelSchema, session: ort.InferenceSession) {
    this.schema = schema;
    this.#session = session;
  }

  /** Throws what onnxruntime throws when the bytes are not a model. */
  static async create(schema: ModelSchema, bytes: Uint8Array): Promise<OnnxResidualModel> {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      // Warnings of the runtime would bypass our log.
      logSeverityLevel: 4,
    });
    return new OnnxResidualModel(schema, session);
  }

  /** What is wrong with the model's inputs and outputs, as a sentence, or undefined. */
  signatureFault(): string | undefined {
    const columns = this.schema.features.length;
    return (
      valueFault("input", this.#session.inputMetadata, this.schema.input, columns) ??
      valueFault("output", this.#session.outputMetadata, this.schema.output, QUANTILES)
    );
  }

  async predict(features: Float32Array, count: number): Promise<Float32Array> {
    const tensor = new ort.Tensor("float32", features, [count, this.schema.features.length]);
    const results = await this.#session.run({ [this.schema.input]: tensor });
    const data = results[this.schema.output]?.data;
    if (!(data instanceof Float32Array) || data.length !== count * QUANTILES) {
      throw new Error(`the model's answer to ${count} windows does not have ${QUANTILES} float32 values each`);
    }
    return data;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function valueFault(
  what: "input" | "output",
  metadata: readonly ort.InferenceSession.ValueMetadata[],
  name: string,
  columns: number,
): string | undefined {
  const value = metadata[0];
  if (metadata.length !== 1 || value?.name !== name) {
    return `it has the ${what}s ${metadata.map((one) => one.name).join(", ")} instead of only ${name}`;
  }
  if (!value.isTensor || value.type !== "float32") return `its ${what} ${name} is not a float32 tensor`;
  const [rows, width] = value.shape;
  // A named first dimension means any number of rows.
  if (value.shape.length === 2 && typeof rows === "string" && width === columns) return undefined;
  return `its ${what} ${name} has the shape [${value.shape.join(", ")}] instead of [any, ${columns}]`;
}
