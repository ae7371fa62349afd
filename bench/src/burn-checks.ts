/** What a window says each time it fires or is corrected. */
export interface BurnRow {
  readonly car: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly revision: number;
  readonly fuelKg: number;
  readonly samples: number;
  readonly distanceM: number;
  readonly meanThrottle: number;
  /** What the car's fired windows have gained so far, over the race and over the window's lap. */
  readonly raceKg: number;
  readonly lap: number;
  readonly lapKg: number;
}

/** Sums over the last revision of every window, and what was left out. */
export interface BurnChecks {
  readonly frames: number;
  readonly duplicateFrames: number;
  readonly lateSamples: number;
  readonly windows: number;
  readonly samplesUsed: number;
  /** Whole numbers: micrograms, 1/12000 m, thousandths. */
  readonly fuelUg: number;
  readonly distance: number;
  readonly throttle: number;
}

/** By duration in s, as published with the workload. `fuelUg` holds to 1e-9 (order of summation), the rest exactly. */
export const PUBLISHED: Readonly<Record<number, BurnChecks & { readonly inputSum?: number }>> = {
  60: {
    frames: 24_251,
    duplicateFrames: 251,
    lateSamples: 120,
    windows: 837,
    samplesUsed: 287_880,
    fuelUg: 54_988_265_903,
    distance: 1_986_345_368,
    throttle: 143_913_712,
    inputSum: 13_101_411_939,
  },
  600: {
    frames: 242_477,
    duplicateFrames: 2_477,
    lateSamples: 1_404,
    windows: 8_037,
    samplesUsed: 2_878_596,
    fuelUg: 368_626_154_380,
    distance: 14_679_633_307,
    throttle: 1_047_775_573,
    inputSum: 906_306_657_572,
  },
  3000: {
    frames: 1_211_969,
    duplicateFrames: 11_969,
    lateSamples: 7_524,
    windows: 40_037,
    samplesUsed: 14_392_476,
    fuelUg: 1_662_032_063_800,
    distance: 68_219_518_363,
    throttle: 4_847_453_157,
    inputSum: 21_970_639_467_395,
  },
  6000: {
    frames: 2_423_933,
    duplicateFrames: 23_933,
    lateSamples: 14_760,
    windows: 80_037,
    samplesUsed: 28_785_240,
    fuelUg: 3_233_501_825_045,
    distance: 133_851_436_086,
    throttle: 9_499_338_280,
  },
};

const FUEL_TOLERANCE = 1e-9;

/** Takes rows as they come and keeps the last revision of each window. */
export class RowLedger {
  readonly #last = new Map<string, BurnRow>();
  #received = 0;

  add(row: BurnRow): void {
    this.#received++;
    const key = `${row.car}:${row.startMs}`;
    const held = this.#last.get(key);
    if (held === undefined || row.revision >= held.revision) this.#last.set(key, row);
  }

  /** Rows taken, corrections included. */
  get received(): number {
    return this.#received;
  }

  checks(counts: Pick<BurnChecks, "frames" | "duplicateFrames" | "lateSamples">): BurnChecks {
    let [samplesUsed, fuelUg, distance, throttle] = [0, 0, 0, 0];
    for (const row of this.#last.values()) {
      samplesUsed += row.samples;
      fuelUg += Math.round(row.fuelKg * 1e9);
      distance += Math.round(row.distanceM * 12_000);
      throttle += Math.round(row.meanThrottle * row.samples * 1_000);
    }
    return { ...counts, windows: this.#last.size, samplesUsed, fuelUg, distance, throttle };
  }

  /** Micrograms burned by all cars, from the newest running total of each; has to equal the sum of the windows. */
  raceUg(): number {
    const byCar = new Map<string, number>();
    for (const { car, raceKg } of this.#last.values()) byCar.set(car, Math.max(byCar.get(car) ?? 0, raceKg));
    return [...byCar.values()].reduce((sum, raceKg) => sum + Math.round(raceKg * 1e9), 0);
  }
}

/** The first thing in which two results differ, or undefined. */
export function difference(found: BurnChecks, expected: BurnChecks): string | undefined {
  const exact = ["frames", "duplicateFrames", "lateSamples", "windows", "samplesUsed", "distance", "throttle"] as const;
  for (const name of exact) {
    if (found[name] !== expected[name]) return `${name} is ${found[name]}, expected ${expected[name]}`;
  }
  const isNear = Math.abs(found.fuelUg - expected.fuelUg) <= FUEL_TOLERANCE * expected.fuelUg;
  return isNear ? undefined : `fuelUg is ${found.fuelUg}, expected ${expected.fuelUg}`;
}
