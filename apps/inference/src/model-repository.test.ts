import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FEATURE_NAMES } from "@burnline/fuel";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BATCHER_DEFAULTS } from "./batcher.ts";
import { parseGoldenVectors } from "./model-metadata.ts";
import { loadModel, MODEL_BYTES_MAX } from "./model-repository.ts";
import { QUANTILES, type ResidualModel } from "./residual-model.ts";

const RELEASED = fileURLToPath(new URL("../../../models/burn-residual/1", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "burnline-model-"));
  await cp(RELEASED, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function faultOf(path: string): Promise<string> {
  const loaded = await loadModel(path);
  if (loaded.ok) {
    await loaded.value.release();
    return "";
  }
  return loaded.error;
}

async function released(): Promise<ResidualModel> {
  const loaded = await loadModel(RELEASED);
  if (!loaded.ok) throw new Error(loaded.error);
  return loaded.value;
}

async function edit(file: string, change: (json: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, file);
  const json = JSON.parse(await readFile(path, "utf8"));
  change(json);
  await writeFile(path, JSON.stringify(json));
}

/** Puts other bytes in place of the model and declares their checksum, as if they had been released. */
async function replaceModel(bytes: Uint8Array): Promise<void> {
  await writeFile(join(folder, "model.onnx"), bytes);
  await edit("feature-schema.json", (json) => {
    json.onnxSha256 = createHash("sha256").update(bytes).digest("hex");
  });
}

async function goldenRows() {
  const golden = parseGoldenVectors(
    await readFile(join(RELEASED, "golden-vectors.json"), "utf8"),
    FEATURE_NAMES.length,
  );
  if (!golden.ok) throw new Error(golden.error);
  return golden.value;
}

describe("the released model", () => {
  it("answers its golden vectors", async () => {
    const model = await released();
    const golden = await goldenRows();
    const answers = await model.predict(Float32Array.from(golden.inputs.flat()), golden.inputs.length);
    golden.outputs.flat().forEach((expected, index) => {
      expect(Math.abs(answers[index]! - expected)).toBeLessThanOrEqual(1e-5);
    });
    expect(golden.toleranceAbs).toBe(1e-5);
    await model.release();
  });

  it("gives a window the same answer in every batch, to less than the millionth that is published", async () => {
    const model = await released();
    const { inputs } = await goldenRows();
    const rows = Array.from({ length: BATCHER_DEFAULTS.batchMax }, (_, index) => inputs[index % inputs.length]!);
    const whole = await model.predict(Float32Array.from(rows.flat()), rows.length);
    for (const size of [1, 2, 3, 5, 8, 17, 40, 100]) {
      for (let start = 0; start + size <= rows.length; start += size) {
        const part = await model.predict(Float32Array.from(rows.slice(start, start + size).flat()), size);
        part.forEach((value, index) => {
          expect(Math.abs(value - whole[start * QUANTILES + index]!)).toBeLessThan(1e-7);
        });
      }
    }
    await model.release();
  });

  it("never crosses its quantiles", async () => {
    const model = await released();
    const { inputs } = await goldenRows();
    const answers = await model.predict(Float32Array.from(inputs.flat()), inputs.length);
    for (let row = 0; row < inputs.length; row++) {
      const [p10, p50, p90] = answers.slice(row * QUANTILES, (row + 1) * QUANTILES);
      expect(p10!).toBeLessThanOrEqual(p50!);
      expect(p50!).toBeLessThanOrEqual(p90!);
    }
    await model.release();
  });
});

describe("a model that must not serve is refused with one sentence", () => {
  it.each(["model.onnx", "feature-schema.json", "golden-vectors.json"])("when %s is missing", async (file) => {
    await rm(join(folder, file));
    expect(await faultOf(folder)).toMatch(/^Model .* cannot be read: .*no such file/);
  });

  it("when the file is not the released one", async () => {
    const bytes = await readFile(join(folder, "model.onnx"));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(folder, "model.onnx"), bytes);
    expect(await faultOf(folder)).toMatch(/is not the file that was released: its SHA-256 is [0-9a-f]{64}\.$/);
  });

  it("when the file is truncated, empty or foreign although its checksum fits", async () => {
    const bytes = await readFile(join(folder, "model.onnx"));
    for (const corrupt of [bytes.subarray(0, bytes.length >> 1), new Uint8Array(), Uint8Array.from([1, 2, 3])]) {
      await replaceModel(corrupt);
      expect(await faultOf(folder)).toMatch(/^model\.onnx in .* (cannot be read by onnxruntime|must not serve)/);
    }
  });

  it("when the file is far too large", async () => {
    await writeFile(join(folder, "model.onnx"), new Uint8Array(MODEL_BYTES_MAX + 1));
    expect(await faultOf(folder)).toMatch(/is too large/);
  });

  it("when one weight has changed although its checksum fits", async () => {
    const bytes = await readFile(join(folder, "model.onnx"));
    // Four bytes in the middle of the largest weight matrix: one of them holds an exponent.
    for (let byte = 0; byte < 4; byte++) bytes[(bytes.length >> 1) + byte]! ^= 0x40;
    await replaceModel(bytes);
    expect(await faultOf(folder)).toMatch(/misses its golden vectors by|cannot be read by onnxruntime/);
  });

  it("when its input or output has another name than the schema says", async () => {
    await edit("feature-schema.json", (json) => {
      json.input = "x";
    });
    expect(await faultOf(folder)).toMatch(/must not serve: it has the inputs features instead of only x\.$/);
  });

  it("when its features are not the ones that windows carry", async () => {
    await edit("feature-schema.json", (json) => {
      (json.features as { name: string }[])[3]!.name = "carNumber";
    });
    expect(await faultOf(folder)).toMatch(/its feature 3 is carNumber, windows carry closedThrottleShare/);
  });

  it("when it was made for another feature schema", async () => {
    await edit("feature-schema.json", (json) => {
      json.featureSchemaVersion = 99;
    });
    expect(await faultOf(folder)).toMatch(/wants feature schema 99, windows carry 1/);
  });

  it("when it misses its golden vectors", async () => {
    await edit("golden-vectors.json", (json) => {
      (json.outputs as number[][])[0]![1]! += 0.001;
    });
    expect(await faultOf(folder)).toMatch(/must not serve: it misses its golden vectors by 0\.00\d+/);
  });

  it("when a metadata file is not JSON or lacks a key, and says where", async () => {
    await edit("feature-schema.json", (json) => {
      delete json.sampleShareMin;
    });
    expect(await faultOf(folder)).toMatch(/feature-schema\.json .* cannot be used: at sampleShareMin: /);
    await writeFile(join(folder, "feature-schema.json"), "{");
    expect(await faultOf(folder)).toMatch(/cannot be used: it is not JSON\.$/);
  });
});
