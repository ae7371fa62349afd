import { type BenchCommand, oneOf, wholeNumber } from "./bench-command.ts";
import { benchStream, benchStreamMode, describeStream, STREAM_DEFAULTS, STREAM_MODES } from "./stream-bench.ts";

export const streamCommand: BenchCommand = {
  summary: "throughput of the stream engine on burn-windows v1, checked for exact totals",
  options: {
    mode: `${STREAM_MODES.join(", ")}, or all, each in its own process (all)`,
    duration: `seconds of event time (${STREAM_DEFAULTS.durationS})`,
    runs: `measured runs (${STREAM_DEFAULTS.runs})`,
    "warm-up": `runs before them (${STREAM_DEFAULTS.warmUpRuns})`,
    "records-per-commit": `frames of a partition in one commit (${STREAM_DEFAULTS.recordsPerCommit})`,
  },
  run: async (values) => {
    const mode = oneOf(values, "mode", [...STREAM_MODES, "all"] as const, "all");
    const options = {
      durationS: wholeNumber(values, "duration", STREAM_DEFAULTS.durationS),
      runs: wholeNumber(values, "runs", STREAM_DEFAULTS.runs),
      warmUpRuns: wholeNumber(values, "warm-up", STREAM_DEFAULTS.warmUpRuns, 0),
      recordsPerCommit: wholeNumber(values, "records-per-commit", STREAM_DEFAULTS.recordsPerCommit),
    };
    if (mode === "all") {
      const result = await benchStream(options);
      return { result, lines: Object.values(result.modes).map(describeStream) };
    }
    const result = await benchStreamMode(mode, options);
    return { result, lines: [describeStream(result)] };
  },
};
