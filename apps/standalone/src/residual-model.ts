import { loadModel, type ResidualModel } from "@burnline/inference";
import type { Logger } from "@burnline/runtime";

const MODEL_FOLDER = new URL("../../../models/burn-residual/1", import.meta.url).pathname;

/** The model in this repository; without one everything works and says "physics". */
export async function openResidualModel(isWanted: boolean, logger: Logger): Promise<ResidualModel | undefined> {
  if (!isWanted) return undefined;
  const model = await loadModel(MODEL_FOLDER);
  if (model.ok) return model.value;
  logger.warn({ reason: model.error }, "no model: the numbers are physics alone");
  return undefined;
}
