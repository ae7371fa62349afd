import { runService } from "@burnline/runtime";
import { inferenceConfig } from "./config.ts";
import { openInferenceProcess } from "./inference-process.ts";

await runService({
  name: "inference",
  outcome: inferenceConfig(),
  process,
  open: openInferenceProcess,
  greeting: ({ race }, { server, modelVersion }) => [
    { race, model: modelVersion, port: server.port },
    "inference runs",
  ],
});
