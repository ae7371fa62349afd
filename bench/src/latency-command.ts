import { type BenchCommand, type BenchOutcome, type OptionValues, UsageError, wholeNumber } from "./bench-command.ts";
import { CLUSTER_LATENCY_DEFAULTS, clusterLatencyBench, describeClusterLatency } from "./cluster-latency-bench.ts";
import { describeDistribution } from "./distribution.ts";
import { LATENCY_DEFAULTS, latencyBench } from "./latency-bench.ts";

const PRESET = CLUSTER_LATENCY_DEFAULTS;
const CLUSTER_ONLY = ["load", "races", "processors", "cpu-prof"] as const;

export const latencyCommand: BenchCommand = {
  summary: "time from an event on the car to the pixel, of the whole chain in real time (needs Chromium)",
  switches: {
    cluster: "from a window's end to its fact, in the cluster form (needs nats-server and redis-server, no Chromium)",
  },
  options: {
    seconds: `measured time (${LATENCY_DEFAULTS.seconds})`,
    cars: `size of the field (${LATENCY_DEFAULTS.cars})`,
    port: `port for the gateway (${LATENCY_DEFAULTS.port}); with --cluster all take free ones`,
    load: "with --cluster: so many times the cars (1); races of 128 cars at most share them",
    races: "with --cluster: races, each with streams and processes of its own (as few as hold the cars)",
    processors: `with --cluster: processor processes of each race (${PRESET.processors})`,
    "cpu-prof": "with --cluster: folder for a profile of the first processor",
  },
  run: (values) => (values.cluster === true ? runCluster(values) : runStandalone(values)),
};

async function runStandalone(values: OptionValues): Promise<BenchOutcome> {
  const foreign = CLUSTER_ONLY.find((option) => values[option] !== undefined);
  if (foreign !== undefined) throw new UsageError(`--${foreign} goes with --cluster`);
  const result = await latencyBench({
    seconds: wholeNumber(values, "seconds", LATENCY_DEFAULTS.seconds),
    cars: wholeNumber(values, "cars", LATENCY_DEFAULTS.cars),
    port: wholeNumber(values, "port", LATENCY_DEFAULTS.port),
  });
  return { result, lines: [describeDistribution("live", result.live), describeDistribution("window", result.window)] };
}

async function runCluster(values: OptionValues): Promise<BenchOutcome> {
  const profileFolder = values["cpu-prof"];
  const result = await clusterLatencyBench({
    ...PRESET,
    seconds: wholeNumber(values, "seconds", PRESET.seconds),
    cars: wholeNumber(values, "cars", PRESET.cars) * wholeNumber(values, "load", 1),
    processors: wholeNumber(values, "processors", PRESET.processors),
    ...(values.races === undefined ? {} : { races: wholeNumber(values, "races", 1) }),
    ...(typeof profileFolder === "string" ? { profileFolder } : {}),
  });
  return { result, lines: describeClusterLatency(result) };
}
