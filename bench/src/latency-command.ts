import { type BenchCommand, wholeNumber } from "./bench-command.ts";
import { LATENCY_DEFAULTS, latencyBench } from "./latency-bench.ts";

export const latencyCommand: BenchCommand = {
  summary: "time from an event on the car to the pixel, of the whole chain in real time (needs Chromium)",
  options: {
    seconds: `measured time (${LATENCY_DEFAULTS.seconds})`,
    cars: `size of the field (${LATENCY_DEFAULTS.cars})`,
    port: `port for the gateway (${LATENCY_DEFAULTS.port})`,
  },
  run: async (values) => {
    const result = await latencyBench({
      seconds: wholeNumber(values, "seconds", LATENCY_DEFAULTS.seconds),
      cars: wholeNumber(values, "cars", LATENCY_DEFAULTS.cars),
      port: wholeNumber(values, "port", LATENCY_DEFAULTS.port),
    });
    const { live, window } = result;
    const line = (name: string, { p50Ms, p99Ms, maxMs, samples }: typeof live) =>
      `${name.padEnd(8)} p50 ${p50Ms} ms  p99 ${p99Ms} ms  max ${maxMs} ms  of ${samples}`;
    return { result, lines: [line("live", live), line("window", window)] };
  },
};
