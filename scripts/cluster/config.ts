import { basename } from "node:path";
import { type IngestConfig, ingestConfig } from "../../apps/ingest/src/config.ts";
import { parseSourceAddress } from "../../apps/ingest/src/source-address.ts";
import { parseFlags } from "./flags.ts";

export interface ClusterConfig {
  readonly processors: number;
  readonly ingests: number;
  readonly inferences: number;
  readonly race: string;
  readonly source: string;
  /** 0: a free one, as with the others. */
  readonly port: number;
  readonly natsPort: number;
  readonly redisPort: number;
  readonly data: string;
  readonly fresh: boolean;
  readonly streamGb: string;
  readonly logLevel: string;
  /** Flags that go on to the ingests as they were given. */
  readonly ingestFlags: readonly string[];
}

export type ClusterConfigOutcome =
  | { readonly type: "config"; readonly config: ClusterConfig }
  | { readonly type: "answer" | "refused"; readonly text: string };

/** As many as there are partitions. */
const PROCESSORS_MAX = 64;
const INGESTS_MAX = 16;
const RACE_ID_LENGTH_MAX = 64;
const count = (max: number, min = 1) => ({ type: "number", min, max }) as const;
const port = { type: "number", min: 0, max: 65_535 } as const;

const FLAGS = {
  processors: { ...count(PROCESSORS_MAX), default: "3", meaning: "processes that share the race's cars" },
  ingests: { ...count(INGESTS_MAX), default: "1", meaning: "processes that share a live source (push, nats:SUBJECT)" },
  inferences: { ...count(INGESTS_MAX, 0), default: "1", meaning: "processes that run the model; 0: physics alone" },
  race: { type: "text", default: "", meaning: "id of the race; by default what the source suggests" },
  port: { ...port, default: "8080", meaning: "port of dashboard, feed and REST; 0 takes a free one" },
  "nats-port": { ...port, default: "0", meaning: "port of nats-server; 0 takes a free one" },
  "redis-port": { ...port, default: "0", meaning: "port of redis-server; 0 takes a free one" },
  data: { type: "text", default: "data/cluster", meaning: "folder of both servers' data" },
  "stream-gb": { type: "text", default: "2", meaning: "disk for telemetry, and for facts, each, in GB" },
  "log-level": { type: "text", default: "info", meaning: "how much the processes log" },
  fresh: { type: "switch", default: "", meaning: "forget what the data folder holds and begin anew" },
} as const;

/** The environment is read by each process for itself (BURNLINE_*); a flag given here wins. */
export function clusterConfig(argv: readonly string[]): ClusterConfigOutcome {
  const { values, others, faults } = parseFlags(FLAGS, argv);
  // The ingest's own check, before anything is started: most of what can be wrong concerns the source.
  const given = values.race === "" ? "unnamed" : values.race;
  const ingest = ingestConfig([...others, `--race=${given}`, `--log-level=${values["log-level"]}`]);
  if (ingest.type === "answer") return { type: "answer", text: `${helpText()}\n\n${ingest.text}` };
  faults.push(...(ingest.type === "refused" ? [ingest.text] : sourceFaults(ingest.config, Number(values.ingests))));
  if (faults.length > 0 || ingest.type === "refused") return { type: "refused", text: faults.join("\n") };
  return {
    type: "config",
    config: {
      processors: Number(values.processors),
      ingests: Number(values.ingests),
      inferences: Number(values.inferences),
      race: values.race === "" ? raceIdOf(ingest.config) : values.race,
      source: ingest.config.source,
      port: Number(values.port),
      natsPort: Number(values["nats-port"]),
      redisPort: Number(values["redis-port"]),
      data: values.data,
      fresh: values.fresh === "true",
      streamGb: values["stream-gb"],
      logLevel: values["log-level"],
      ingestFlags: others,
    },
  };
}

/** Folders in which programs may be. */
export function programFolders(): { readonly path: string; readonly goPath: string } {
  return { path: process.env.PATH ?? "", goPath: process.env.GOPATH ?? "" };
}

function helpText(): string {
  const rows = Object.entries(FLAGS).map(([name, { default: byDefault, meaning }]) => {
    const preset = byDefault === "" ? "" : ` [${byDefault}]`;
    return `  --${name.padEnd(12)} ${meaning}${preset}`;
  });
  return [
    "burnline cluster: the chain as separate processes on NATS and Redis of their own, on this machine",
    "",
    "Usage: npm run start:cluster -- [flags]",
    "",
    ...rows,
    "",
    "Every other flag goes on to the ingests, and so do their environment variables:",
  ].join("\n");
}

function sourceFaults({ source }: IngestConfig, ingests: number): string[] {
  const address = parseSourceAddress(source);
  if (!address.ok) return [address.error];
  if (ingests === 1 || isLive(source)) return [];
  return ["A recording or a simulated race is told by one ingest; several share push or nats:SUBJECT."];
}

function isLive(source: string): boolean {
  return source === "push" || source.startsWith("nats:");
}

/** What belongs to the same source gets the same race, and is gone on with. */
function raceIdOf({ source, track, seed }: IngestConfig): string {
  if (source === "sim") return `sim-${track}-${seed}`;
  if (isLive(source)) return "live";
  const name = basename(source.slice(source.indexOf(":") + 1)).replace(/\.[^.]*$/, "");
  return name.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, RACE_ID_LENGTH_MAX) || "recording";
}
