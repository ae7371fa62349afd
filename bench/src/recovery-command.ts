import { type BenchCommand, wholeNumber } from "./bench-command.ts";
import { describeRecovery, RECOVERY_DEFAULTS, recoveryBench } from "./recovery-bench.ts";

export const recoveryCommand: BenchCommand = {
  summary: "how long the picture stands still after kill -9 of a processor (needs nats-server and redis-server)",
  options: {
    kills: `one after the other, some 7 s each (${RECOVERY_DEFAULTS.kills})`,
    processors: `processor processes, 3 or more (${RECOVERY_DEFAULTS.processors})`,
    cars: `size of the field (${RECOVERY_DEFAULTS.cars})`,
    seed: `victims and race (${RECOVERY_DEFAULTS.seed})`,
  },
  run: async (values) => {
    const options = {
      kills: wholeNumber(values, "kills", RECOVERY_DEFAULTS.kills),
      processors: wholeNumber(values, "processors", RECOVERY_DEFAULTS.processors, 3),
      cars: wholeNumber(values, "cars", RECOVERY_DEFAULTS.cars),
      seed: wholeNumber(values, "seed", RECOVERY_DEFAULTS.seed, 0),
    };
    const result = await recoveryBench(options, ({ kind, gapMs, waitMs }) => {
      process.stderr.write(`${kind.padEnd(9)} gap ${gapMs} ms  wait ${waitMs} ms\n`);
    });
    return { result, lines: describeRecovery(result) };
  },
};
