import { runService } from "@burnline/runtime";
import { openClusterProcess } from "./cluster-process.ts";
import { processorConfig } from "./config.ts";

await runService({
  name: "processor",
  outcome: processorConfig(),
  process,
  open: openClusterProcess,
  greeting: ({ race }, { server, memberId }) => [{ race, memberId, port: server.port }, "ready to own partitions"],
});
