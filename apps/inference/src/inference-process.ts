import {
  Health,
  HttpServer,
  type Logger,
  type NatsLink,
  OperatingError,
  openFactLog,
  openOnNats,
  openRaceLog,
  type Part,
  streamLimits,
  wallClock,
} from "@burnline/runtime";
import type { InferenceConfig } from "./config.ts";
import { createInference } from "./inference.ts";
import { inferenceMetrics } from "./inference-metrics.ts";
import { loadModel } from "./model-repository.ts";

/** The batch at hand is finished; with logs that do not answer, the attempt under way ends with its own 5 s. */
const STOP_MS_MAX = 8_000;

export interface InferenceProcess {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly server: HttpServer;
  readonly modelVersion: string;
}

/**
 * Loads the model, connects, and puts an inference together. Nothing runs before `parts` start. Without a sound model
 * there is nothing to do for it: unlike the standalone form, where physics goes on in the same process, it refuses.
 * @throws OperatingError that names the setting to look at
 */
export async function openInferenceProcess(config: InferenceConfig, logger: Logger): Promise<InferenceProcess> {
  const model = await loadModel(config.modelFolder);
  if (!model.ok) throw new OperatingError(`The model cannot be used (${model.error}): check --model-folder.`);
  return openOnNats("inference", config, logger, async ({ link, metrics }) => {
    const { factLog, raceLog } = await openLogs(config, link, logger);
    const inference = createInference({
      ...{ factLog, raceLog, race: config.race, clock: wallClock, logger },
      ...{ model: model.value, metrics: inferenceMetrics(metrics) },
    });
    const health = new Health();
    health.add("nats", () => (link.isConnected ? undefined : "not connected"));
    const server = new HttpServer({ host: config.host, port: config.port, health, metrics, logger });
    const parts: Part[] = [
      { name: "connections", start: async () => {}, stop: () => link.close(), stopMsMax: STOP_MS_MAX },
      { name: "web server", start: () => server.start(), stop: () => server.stop() },
      { name: "inference", start: () => inference.start(), stop: () => inference.stop(), stopMsMax: STOP_MS_MAX },
    ];
    return { parts, server, modelVersion: model.value.schema.version };
  });
}

async function openLogs(config: InferenceConfig, link: NatsLink, logger: Logger) {
  const limits = streamLimits(config);
  const raceLog = await openRaceLog(link, config.race, limits, logger);
  const factLog = await openFactLog(link, config.race, limits, logger);
  return { raceLog, factLog };
}
