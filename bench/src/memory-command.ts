import { type BenchCommand, wholeNumber } from "./bench-command.ts";
import { describeMemory, MEMORY_DEFAULTS, memoryBench } from "./memory-bench.ts";

export const memoryCommand: BenchCommand = {
  summary: "what a processor keeps in memory over a simulated race of hours, on ports in memory, as fast as it can",
  options: {
    hours: `length of the race (${MEMORY_DEFAULTS.hours})`,
    cars: `size of the field (${MEMORY_DEFAULTS.cars})`,
    rate: `samples per second of a car (${MEMORY_DEFAULTS.sampleRateHz})`,
    seed: `seed of the simulated race (${MEMORY_DEFAULTS.seed})`,
    look: `simulated minutes between two looks (${MEMORY_DEFAULTS.lookMinutes})`,
  },
  run: async (values) => {
    const options = {
      hours: wholeNumber(values, "hours", MEMORY_DEFAULTS.hours),
      cars: wholeNumber(values, "cars", MEMORY_DEFAULTS.cars),
      sampleRateHz: wholeNumber(values, "rate", MEMORY_DEFAULTS.sampleRateHz),
      seed: wholeNumber(values, "seed", MEMORY_DEFAULTS.seed, 0),
      lookMinutes: wholeNumber(values, "look", MEMORY_DEFAULTS.lookMinutes),
    };
    const result = await memoryBench(options, ({ minute, heapMb, buffersMb }) => {
      process.stderr.write(`minute ${minute}: heap ${heapMb} MB, buffers ${buffersMb} MB\n`);
    });
    return { result, lines: describeMemory(result) };
  },
};
