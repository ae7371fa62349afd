import { type BenchCommand, oneOf, wholeNumber } from "./bench-command.ts";
import { benchAgainstFlink, describePeers } from "./peer-bench.ts";
import { benchStream, benchStreamMode, describeStream, STREAM_DEFAULTS, STREAM_MODES } from "./stream-bench.ts";

const PEERS_FOLDER = new URL("../../../shared/peers", import.meta.url).pathname;

export const streamCommand: BenchCommand = {
  summary: "throughput of the stream engine on burn-windows v1, checked for exact totals",
  options: {
    mode: `${STREAM_MODES.join(", ")}, or all, each in its own process (all)`,
    duration: `seconds of event time (${STREAM_DEFAULTS.durationS})`,
    runs: `measured runs (${STREAM_DEFAULTS.runs})`,
    "warm-up": `runs before them (${STREAM_DEFAULTS.warmUpRuns})`,
    "records-per-commit": `frames of a partition in one commit (${STREAM_DEFAULTS.recordsPerCommit})`,
    peer: "flink: the same job there and here, alternating, and the ratios (needs Maven and JDK 17)",
    "peers-folder": `where the peer's job is (../shared/peers beside this repository)`,
  },
  run: async (values) => {
    const mode = oneOf(values, "mode", [...STREAM_MODES, "all"] as const, "all");
    const options = {
      durationS: wholeNumber(values, "duration", STREAM_DEFAULTS.durationS),
      runs: wholeNumber(values, "runs", STREAM_DEFAULTS.runs),
      warmUpRuns: wholeNumber(values, "warm-up", STREAM_DEFAULTS.warmUpRuns, 0),
      recordsPerCommit: wholeNumber(values, "records-per-commit", STREAM_DEFAULTS.recordsPerCommit),
    };
    if (values.peer !== undefined) {
      const peersFolder = values["peers-folder"];
      oneOf(values, "peer", ["flink"], "flink");
      const folder = typeof peersFolder === "string" ? peersFolder : PEERS_FOLDER;
      const result = await benchAgainstFlink({ ...options, peersFolder: folder });
      return { result, lines: describePeers(result) };
    }
    if (mode === "all") {
      const result = await benchStream(options);
      return { result, lines: Object.values(result.modes).map(describeStream) };
    }
    const result = await benchStreamMode(mode, options);
    return { result, lines: [describeStream(result)] };
  },
};
