import { parseArgs } from "node:util";

/** What one simulated run does. Probabilities are per opportunity: a frame, a call of a port, a simulated second. */
export interface SimOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly cars: number;
  readonly sampleRateHz: number;
  readonly track: string;
  /** A process dies before or after a call of a port. */
  readonly crash: number;
  /** A process stands still for longer than its lease, then wakes up as a zombie; per process and simulated second. */
  readonly freeze: number;
  /** The others cannot reach a process although it works; per process and simulated second. */
  readonly cutOff: number;
  /** A process leaves in good order, and comes back; per process and simulated second. */
  readonly leave: number;
  /** The state store loses everything; per simulated second. */
  readonly loseState: number;
  /** The fact log takes nothing for a while, and no snapshot can be listed; per simulated second. */
  readonly stall: number;
  /** Faults of the radio link, per frame. */
  readonly drop: number;
  readonly duplicate: number;
  readonly delay: number;
  readonly late: number;
  /** A hostile message arrives, or the tick of an ingest whose clock is wrong; per simulated second each. */
  readonly hostile: number;
}

export const SIM_DEFAULTS: Omit<SimOptions, "seed"> = {
  minutes: 2,
  cars: 6,
  sampleRateHz: 10,
  track: "charlotte",
  crash: 0.0005,
  freeze: 0.01,
  cutOff: 0.01,
  leave: 0.02,
  loseState: 0.005,
  stall: 0.02,
  drop: 0.005,
  duplicate: 0.02,
  delay: 0.05,
  late: 0.005,
  hostile: 0.2,
};

/** A fault too rare to see in a short run proves nothing; more seeds than this in one call is a slip of the finger. */
const SEEDS_MAX = 10_000;

export interface SimCommand {
  readonly seeds: readonly number[];
  readonly options: Omit<SimOptions, "seed">;
  readonly json: boolean;
}

export const SIM_USAGE = `Usage: npm run sim -- --seed N|A..B [options]

Runs the whole chain in one process on memory ports, in simulated time, with seeded faults, and checks the invariants
I1 to I12 after every step. Prints one line per seed; the exit code is 1 when an invariant broke.

  --seed N|A..B      one seed or a range                       (required)
  --minutes M        simulated minutes                         (${SIM_DEFAULTS.minutes})
  --cars N           cars in the race                          (${SIM_DEFAULTS.cars})
  --rate HZ          samples per second and car                (${SIM_DEFAULTS.sampleRateHz})
  --track ID         track of the simulator                    (${SIM_DEFAULTS.track})
  --crash P          a process dies at a call of a port        (${SIM_DEFAULTS.crash})
  --freeze P         a process freezes past its lease, per s   (${SIM_DEFAULTS.freeze})
  --cut-off P        a process is not reached by the others    (${SIM_DEFAULTS.cutOff})
  --leave P          a process leaves and comes back, per s    (${SIM_DEFAULTS.leave})
  --lose-state P     the state store is emptied, per s         (${SIM_DEFAULTS.loseState})
  --stall P          facts and snapshots have to wait, per s   (${SIM_DEFAULTS.stall})
  --drop P --duplicate P --delay P --late P   faults per frame (${SIM_DEFAULTS.drop} ${SIM_DEFAULTS.duplicate} ${SIM_DEFAULTS.delay} ${SIM_DEFAULTS.late})
  --hostile P        a hostile message, and a wrong tick, per s (${SIM_DEFAULTS.hostile})
  --json             one JSON object per seed
  --help             this text

Columns: seed, verdict, frames admitted, duplicates removed, samples late, facts, crashes, freezes, planned leaves,
partitions taken early from an owner believed dead, partitions lost to another owner, stalls, state losses, commits taken and refused by the fence (zombies), outputs
sent again, model corrections, hash of the final state. After several seeds: their sums.`;

/** Parses the command line; an error is one sentence. */
export function parseSimCommand(argv: readonly string[]): SimCommand | { readonly error: string } {
  const text = { type: "string" } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = {
      ...{ seed: text, minutes: text, cars: text, rate: text, track: text, crash: text, freeze: text },
      ...{
        "cut-off": text,
        leave: text,
        "lose-state": text,
        stall: text,
        drop: text,
        duplicate: text,
        delay: text,
        late: text,
        hostile: text,
      },
      json: { type: "boolean" },
    } as const;
    values = parseArgs({ args: [...argv], options }).values;
  } catch (cause) {
    return { error: cause instanceof Error ? cause.message : String(cause) };
  }
  const seeds = parseSeeds(values.seed);
  if (seeds === undefined) return { error: `--seed wants a whole number or a range A..B, not ${String(values.seed)}` };
  const problems: string[] = [];
  const number = (flag: string, fallback: number, min: number, max: number): number => {
    if (values[flag] === undefined) return fallback;
    const value = Number(values[flag]);
    if (!(value >= min && value <= max))
      problems.push(`--${flag} wants a number from ${min} to ${max}, not ${values[flag]}`);
    return value;
  };
  const chance = (flag: string, fallback: number) => number(flag, fallback, 0, 1);
  const defaults = SIM_DEFAULTS;
  const options = {
    minutes: number("minutes", defaults.minutes, 0.1, 600),
    cars: number("cars", defaults.cars, 1, 40),
    sampleRateHz: number("rate", defaults.sampleRateHz, 10, 120),
    track: typeof values.track === "string" ? values.track : defaults.track,
    crash: chance("crash", defaults.crash),
    freeze: chance("freeze", defaults.freeze),
    cutOff: chance("cut-off", defaults.cutOff),
    leave: chance("leave", defaults.leave),
    loseState: chance("lose-state", defaults.loseState),
    stall: chance("stall", defaults.stall),
    drop: chance("drop", defaults.drop),
    duplicate: chance("duplicate", defaults.duplicate),
    delay: chance("delay", defaults.delay),
    late: chance("late", defaults.late),
    hostile: chance("hostile", defaults.hostile),
  };
  const [problem] = problems;
  return problem === undefined ? { seeds, options, json: values.json === true } : { error: problem };
}

function parseSeeds(value: string | boolean | undefined): number[] | undefined {
  const match = typeof value === "string" ? /^(\d+)(?:\.\.(\d+))?$/.exec(value) : null;
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last < first || last - first >= SEEDS_MAX) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
