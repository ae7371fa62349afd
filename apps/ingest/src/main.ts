import { runService } from "@burnline/runtime";
import { ingestConfig } from "./config.ts";
import { openIngestProcess } from "./ingest-process.ts";

await runService({
  name: "ingest",
  outcome: ingestConfig(),
  process,
  open: openIngestProcess,
  greeting: ({ race }, { server, source }) => [{ race, source: source.description, port: server.port }, "ingest runs"],
});
