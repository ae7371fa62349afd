import { type BenchCommand, wholeNumber } from "./bench-command.ts";
import { CHAIN_DEFAULTS, chainBench, describeChain } from "./chain-bench.ts";

export const chainCommand: BenchCommand = {
  summary: "throughput of the cluster form: a filled JetStream log, processor processes, Redis (needs both servers)",
  options: {
    processors: `processor processes (${CHAIN_DEFAULTS.processors})`,
    samples: `samples in the log (${CHAIN_DEFAULTS.samples})`,
    cars: `size of the field (${CHAIN_DEFAULTS.cars})`,
    rate: `samples per second of a car (${CHAIN_DEFAULTS.sampleRateHz})`,
    seed: `seed of the simulated race (${CHAIN_DEFAULTS.seed})`,
    "cpu-prof": "folder for a profile of the first processor",
  },
  run: async (values) => {
    const profileFolder = values["cpu-prof"];
    const result = await chainBench({
      processors: wholeNumber(values, "processors", CHAIN_DEFAULTS.processors),
      samples: wholeNumber(values, "samples", CHAIN_DEFAULTS.samples),
      cars: wholeNumber(values, "cars", CHAIN_DEFAULTS.cars),
      sampleRateHz: wholeNumber(values, "rate", CHAIN_DEFAULTS.sampleRateHz),
      seed: wholeNumber(values, "seed", CHAIN_DEFAULTS.seed, 0),
      ...(typeof profileFolder === "string" ? { profileFolder } : {}),
    });
    return { result, lines: describeChain(result) };
  },
};
