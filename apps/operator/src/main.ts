import { runService } from "@burnline/runtime";
import { operatorConfig } from "./config.ts";
import { openOperatorProcess } from "./operator-process.ts";

await runService({
  name: "operator",
  outcome: operatorConfig(),
  process,
  open: openOperatorProcess,
  greeting: ({ namespace, host }, { server }) => [
    { namespace, url: `http://${host}:${server.port}`, port: server.port },
    "operator runs",
  ],
});
