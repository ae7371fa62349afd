import { createInterface } from "node:readline";
import { EXIT_FAILURE, EXIT_FORCED, EXIT_OK, EXIT_USAGE } from "../../packages/runtime/src/index.ts";
import { Cluster, sentenceOf } from "./cluster.ts";
import { clusterConfig } from "./config.ts";
import { takeDataFolder } from "./data-folder.ts";
import { planCluster } from "./plan.ts";

/** Names are written in columns. */
const NAME_WIDTH = 12;

const outcome = clusterConfig(process.argv.slice(2));
if (outcome.type !== "config") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}
const { config } = outcome;

const say = (name: string, line: string) => process.stdout.write(`${name.padEnd(NAME_WIDTH)}| ${line}\n`);
const tell = (text: string) => say("cluster", text);

let stops = 0;
let cluster: Cluster | undefined;
let giveBack = () => {};
// Its end means that whoever started us is gone.
createInterface({ input: process.stdin }).on("line", requestStop).on("close", requestStop);
process.on("SIGTERM", requestStop);
process.on("SIGINT", requestStop);
// Whoever reads our lines may go before us; that is no reason to leave anybody behind.
process.stdout.on("error", () => {});

try {
  const plan = await planCluster(config);
  giveBack = takeDataFolder(config.data, config.fresh);
  cluster = new Cluster({ plan, say, tell });
  if (stops === 0) await cluster.start();
  if (stops === 0) greet(plan.gatewayPort);
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`);
  await end(EXIT_FAILURE);
}

function greet(port: number): void {
  const { members } = cluster ?? { members: [] };
  const rows = members.map(({ plan, pid }) => {
    const address = plan.readiness === "http" ? `http://127.0.0.1:${plan.port}/metrics` : `127.0.0.1:${plan.port}`;
    return `  ${plan.name.padEnd(NAME_WIDTH)} process ${String(pid).padEnd(8)} ${address}`;
  });
  process.stdout.write(
    `\n  Burnline  http://127.0.0.1:${port}\n  race ${config.race} from ${config.source}, kept in ${config.data}; Ctrl-C stops\n\n${rows.join("\n")}\n\n`,
  );
}

function requestStop(): void {
  stops += 1;
  if (stops === 1) {
    tell("stopping: ingest, processors, gateway and inference, servers; a second signal kills");
    void end(EXIT_OK);
  } else if (stops === 2 && process.stdin.readableEnded === false) {
    cluster?.kill();
    giveBack();
    process.exit(EXIT_FORCED);
  }
}

async function end(code: number): Promise<void> {
  stops = Math.max(stops, 1);
  await cluster?.stop();
  giveBack();
  process.exit(code);
}
