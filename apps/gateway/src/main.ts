import { runService } from "@burnline/runtime";
import { gatewayConfig } from "./config.ts";
import { openGatewayProcess } from "./gateway-process.ts";

await runService({
  name: "gateway",
  outcome: gatewayConfig(),
  process,
  open: openGatewayProcess,
  greeting: ({ race, host }, { server }) => [
    { race, url: `http://${host}:${server.port}`, port: server.port },
    "gateway runs",
  ],
});
