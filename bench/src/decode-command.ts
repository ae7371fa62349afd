import { type BenchCommand, wholeNumber } from "./bench-command.ts";
import { DECODE_DEFAULTS, decodeBench } from "./decode-bench.ts";

export const decodeCommand: BenchCommand = {
  summary: "decoding and checking telemetry frames, beside the general protobuf decoder in the same process",
  options: {
    frames: `frames of a simulated race (${DECODE_DEFAULTS.frames})`,
    runs: `measured runs of each, alternating (${DECODE_DEFAULTS.runs})`,
  },
  run: async (values) => {
    const result = await decodeBench({
      frames: wholeNumber(values, "frames", DECODE_DEFAULTS.frames),
      runs: wholeNumber(values, "runs", DECODE_DEFAULTS.runs),
    });
    const millions = (value: number) => (value / 1e6).toFixed(2);
    const { framesPerSecond, generalFramesPerSecond, ratio } = result;
    const line = `${millions(framesPerSecond)} M frames/s, general ${millions(generalFramesPerSecond)} M frames/s: ${ratio} times as fast`;
    return { result, lines: [line] };
  },
};
