import { describe, expect, it } from "vitest";
import type { SimEvent } from "./events.ts";
import { RaceSim, type RaceSimOptions, type SimStep } from "./race.ts";
import { TRACK_IDS } from "./track.ts";
import { type LapTruthRecord, truthLine } from "./truth.ts";

const START_MS = 1_700_000_000_050;

function options(overrides: Partial<RaceSimOptions> = {}): RaceSimOptions {
  return { seed: 11, trackId: "michigan", cars: 12, sampleRateHz: 10, startMs: START_MS, laps: 24, ...overrides };
}

/** Runs to the end, or for so many steps. */
function* stepsOf(sim: RaceSim, count = Number.POSITIVE_INFINITY): Generator<SimStep> {
  for (let index = 0; index < count; index++) {
    const step = sim.step();
    if (step === undefined) return;
    yield step;
  }
}

/** FNV-1a over everything that a step says. */
function fingerprint(sim: RaceSim, steps: number): number {
  let hash = 0x811c9dc5;
  for (const step of stepsOf(sim, steps)) {
    const columns = step.cars.map((car) => [
      car.car,
      ...[car.eventTimeMs, car.throttle, car.rpm, car.speedMps, car.lapPosition, car.gapAheadM].map((column) =>
        Array.from(column.subarray(0, car.count)),
      ),
    ]);
    const text = JSON.stringify([step.timeMs, columns, step.events]) + step.truth.map(truthLine).join("");
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

function micrograms(kg: number): number {
  return Math.round(kg * 1e9);
}

describe("determinism", () => {
  it("gives the same bytes for the same options and others for another seed", () => {
    const once = fingerprint(new RaceSim(options({ sampleRateHz: 60 })), 1500);
    expect(fingerprint(new RaceSim(options({ sampleRateHz: 60 })), 1500)).toBe(once);
    expect(fingerprint(new RaceSim(options({ sampleRateHz: 60, seed: 12 })), 1500)).not.toBe(once);
  });

  it("runs the same race whatever the sample rate", () => {
    const events = (rate: number) =>
      [...stepsOf(new RaceSim(options({ sampleRateHz: rate })), 3000)].flatMap((step) => step.events);
    expect(events(120)).toEqual(events(10));
  });
});

describe("event time", () => {
  it("moves with startMs and changes nothing else", () => {
    const events = (startMs: number) =>
      [...stepsOf(new RaceSim(options({ startMs, cars: 40 })), 6000)]
        .flatMap((step) => step.events)
        .map((event) => ({ ...event, timeMs: event.timeMs - startMs }));
    expect(events(START_MS)).toEqual(events(0));
  });
});

describe("samples", () => {
  it.each([10, 12.5, 60, 75, 120])("at %d Hz are evenly spaced, in whole ms, each in its step", (sampleRateHz) => {
    const sim = new RaceSim(options({ sampleRateHz, cars: 3 }));
    let index = 0;
    for (const step of stepsOf(sim, 50)) {
      const counts = new Set(step.cars.map((car) => car.count));
      expect(counts.size).toBe(1);
      const [car] = step.cars;
      for (let at = 0; at < car!.count; at++) {
        const timeMs = car!.eventTimeMs[at]!;
        expect(timeMs).toBe(START_MS + Math.round((index * 1000) / sampleRateHz));
        expect(timeMs).toBeLessThan(step.timeMs);
        expect(timeMs).toBeGreaterThanOrEqual(step.timeMs - 100);
        index++;
      }
    }
    expect(index).toBe(Math.ceil(sampleRateHz * 5 - 1e-9));
  });

  it("stay in range, and a car's way on the track never goes back", () => {
    const sim = new RaceSim(options({ cars: 40, trackId: "nashville" }));
    const wayLaps = new Map<string, number>();
    const faults: string[] = [];
    for (const step of stepsOf(sim)) {
      for (const car of step.cars) {
        for (let at = 0; at < car.count; at++) {
          const lapPosition = car.lapPosition[at]!;
          const way = car.lapNumber[at]! + lapPosition;
          const inRange =
            lapPosition >= 0 &&
            lapPosition < 1 &&
            way >= (wayLaps.get(car.car) ?? 0) &&
            car.throttle[at]! >= 0 &&
            car.throttle[at]! <= 1 &&
            car.brake[at]! >= 0 &&
            car.brake[at]! <= 1 &&
            car.rpm[at]! >= 0 &&
            car.rpm[at]! < 9900 &&
            car.speedMps[at]! >= 0 &&
            car.speedMps[at]! < 110 &&
            car.gear[at]! >= 0 &&
            car.gear[at]! <= 5 &&
            car.gapAheadM[at]! >= 0 &&
            car.gapAheadM[at]! <= 250;
          wayLaps.set(car.car, way);
          // A plain branch: an assertion per sample would take longer than the race.
          if (!inRange) faults.push(`${car.car} at ${car.eventTimeMs[at]}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it("agree with the timing loops about the lap and carry no truth", () => {
    const sim = new RaceSim(options());
    const known = new Set(
      "car count sampleRateHz eventTimeMs throttle rpm speedMps lapPosition lapNumber brake gear onPitRoad gapAheadM".split(
        " ",
      ),
    );
    let checked = 0;
    for (const step of stepsOf(sim, 3000)) {
      if (step.timeMs === START_MS + 100) {
        for (const car of step.cars) for (const key of Object.keys(car)) expect(known).toContain(key);
      }
      for (const car of step.cars) {
        const crossing = step.events.find((event) => event.type === "lapCompleted" && event.car === car.car);
        if (crossing?.type !== "lapCompleted") continue;
        for (let at = 0; at < car.count; at++) {
          const isAfter = car.eventTimeMs[at]! > crossing.timeMs;
          const isBefore = car.eventTimeMs[at]! < crossing.timeMs;
          if (isAfter) expect(car.lapNumber[at]).toBe(crossing.lapNumber + 1);
          if (isBefore) expect(car.lapNumber[at]).toBe(crossing.lapNumber);
          checked++;
        }
      }
    }
    expect(checked).toBeGreaterThan(50);
  });
});

describe("fuel", () => {
  it("level = start + filled - burned to the microgram, for every car, lap and fill", () => {
    for (const seed of [1, 2]) {
      const startUg = new Map<string, number>();
      const filledUg = new Map<string, number>();
      const lapsUg = new Map<string, number>();
      const windowsUg = new Map<string, number>();
      let fills = 0;
      for (const step of stepsOf(new RaceSim(options({ seed, cars: 40, laps: 60, truthWindows: true })))) {
        for (const record of step.truth) {
          const { car } = record;
          if (record.type === "car") startUg.set(car, micrograms(record.startFuelKg));
          if (record.type === "window") windowsUg.set(car, (windowsUg.get(car) ?? 0) + micrograms(record.burnKg));
          if (record.type === "fill") {
            fills++;
            filledUg.set(car, (filledUg.get(car) ?? 0) + micrograms(record.filledKg));
            const level = startUg.get(car)! + filledUg.get(car)! - micrograms(record.totalBurnKg);
            expect(micrograms(record.levelKg)).toBe(level);
          }
          if (record.type === "lap") {
            lapsUg.set(car, (lapsUg.get(car) ?? 0) + micrograms(record.burnKg));
            expect(lapsUg.get(car)).toBe(micrograms(record.totalBurnKg));
            expect(micrograms(record.totalFilledKg)).toBe(filledUg.get(car) ?? 0);
            const level = startUg.get(car)! + (filledUg.get(car) ?? 0) - micrograms(record.totalBurnKg);
            expect(micrograms(record.levelKg)).toBe(level);
            expect(level).toBeGreaterThanOrEqual(0);
            // A window not yet closed holds at most a second of full throttle, about 0.05 kg.
            const open = micrograms(record.totalBurnKg) - (windowsUg.get(car) ?? 0);
            expect(open).toBeGreaterThanOrEqual(-0.002e9);
            expect(open).toBeLessThan(0.06e9);
          }
        }
      }
      expect(startUg.size).toBe(40);
      expect(fills).toBeGreaterThan(20);
    }
  });

  it("a car that runs dry says so, rolls on without drive and never gets fuel from nowhere", () => {
    // The first of these seeds is known for a finish on the last drops; the others are there in case of new tuning.
    const dry = new Map<string, number>();
    let dryAtMs = 0;
    for (const seed of [7, 20, 1, 2, 3, 4, 5]) {
      if (dry.size > 0) break;
      for (const step of stepsOf(new RaceSim(options({ seed, cars: 40, laps: 100 })))) {
        for (const car of step.cars) {
          const speedMps = dry.get(car.car);
          // The sensor still shows the pedal of the moment before.
          if (speedMps === undefined || car.eventTimeMs[0]! < dryAtMs + 100) continue;
          expect(car.throttle[car.count - 1]).toBeLessThan(0.05);
          expect(car.rpm[car.count - 1]).toBe(0);
          expect(car.speedMps[car.count - 1]).toBeLessThan(speedMps + 1);
          dry.set(car.car, car.speedMps[car.count - 1]!);
        }
        for (const record of step.truth) {
          if (record.type === "lap" && dry.has(record.car)) expect(record.levelKg).toBe(0);
          if (record.type !== "runOut") continue;
          dry.set(record.car, 110);
          dryAtMs = record.timeMs;
          const told = step.events.find((event) => event.type === "incident" && event.car === record.car);
          expect(told).toMatchObject({ text: "Out of fuel", towed: true });
        }
      }
    }
    expect(dry.size).toBeGreaterThan(0);
  });
});

describe("events", () => {
  function eventsOf(overrides: Partial<RaceSimOptions>): { sim: RaceSim; events: SimEvent[] } {
    const sim = new RaceSim(options(overrides));
    const events: SimEvent[] = [];
    for (const step of stepsOf(sim)) {
      for (const event of step.events) {
        expect(Number.isInteger(event.timeMs)).toBe(true);
        expect(event.timeMs).toBeGreaterThanOrEqual(step.timeMs - 100);
        expect(event.timeMs).toBeLessThan(step.timeMs);
        events.push(event);
      }
    }
    return { sim, events };
  }

  it.each(TRACK_IDS)("at %s tell a whole race: flags, stages, stops and laps in their order", (trackId) => {
    const { sim, events } = eventsOf({ trackId, cars: 40, laps: 30, seed: 5 });
    for (let at = 1; at < events.length; at++)
      expect(events[at]!.timeMs).toBeGreaterThanOrEqual(events[at - 1]!.timeMs);

    const flags = events.flatMap((event) => (event.type === "flagChanged" ? [event.flag] : [])).join(" ");
    expect(flags).toMatch(/^caution( green( caution( red caution)?)?)* green( white)? checkered$/);
    const stages = events.flatMap((event) => (event.type === "stageEnded" ? [event.stageNumber] : []));
    expect(stages).toEqual(sim.stageEndLaps.map((_, index) => index + 1));

    for (const { car } of sim.entries) {
      const own = events.filter((event) => "car" in event && event.car === car);
      const laps = own.flatMap((event) => (event.type === "lapCompleted" ? [event.lapNumber] : []));
      expect(laps).toEqual(laps.map((_, index) => index));
      const stops = own
        .filter((event) => event.type !== "lapCompleted" && event.type !== "incident")
        .map((event) => event.type)
        .join(" ");
      expect(stops).toMatch(/^( ?pitRoadEntered boxStopped fuelFilled boxLeft pitRoadLeft)*( ?pitRoadEntered.*)?$/);
    }
    expect(events.some((event) => event.type === "fuelFilled" && event.litres > 0)).toBe(true);
  });

  it("bring full fills, fills of unknown amount and partial ones", () => {
    const { events } = eventsOf({ seed: 1, cars: 40, laps: 200, trackId: "charlotte" });
    const fills = events.flatMap((event) => (event.type === "fuelFilled" ? [event] : []));
    expect(fills.some((fill) => fill.full && fill.litres > 0)).toBe(true);
    expect(fills.some((fill) => fill.full && fill.litres === 0)).toBe(true);
    expect(fills.some((fill) => !fill.full && fill.litres > 0)).toBe(true);
    expect(fills.every((fill) => fill.litres < 85)).toBe(true);
  });

  it("a race of one car and one lap ends too", () => {
    const { events } = eventsOf({ cars: 1, laps: 1 });
    expect(events.at(-1)).toMatchObject({ type: "flagChanged", flag: "checkered" });
  });
});

describe("a watched race", () => {
  it("starts within six seconds, has savers in its first minute and a caution within five", () => {
    let savers = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const sim = new RaceSim(options({ seed, cars: 40, trackId: "charlotte", laps: 400 }));
      let greenMs = Number.POSITIVE_INFINITY;
      let cautionMs = Number.POSITIVE_INFINITY;
      for (const step of stepsOf(sim, 3000)) {
        for (const event of step.events) {
          if (event.type !== "flagChanged") continue;
          if (event.flag === "green") greenMs = Math.min(greenMs, event.timeMs);
          else if (event.flag === "caution" && greenMs < event.timeMs) cautionMs = Math.min(cautionMs, event.timeMs);
        }
        for (const record of step.truth)
          if (record.type === "lap" && record.lapNumber === 1 && record.savingLevel > 0.3) savers++;
      }
      expect(greenMs - START_MS).toBeLessThan(6_000);
      expect(cautionMs - START_MS).toBeLessThan(300_000);
    }
    expect(savers / 8).toBeGreaterThan(3);
  });

  it("has an entry list of distinct numbers and drivers", () => {
    const { entries } = new RaceSim(options({ cars: 40 }));
    expect(new Set(entries.map((entry) => entry.car)).size).toBe(40);
    expect(new Set(entries.map((entry) => entry.driver)).size).toBe(40);
    for (const entry of entries) expect(entry.car).toMatch(/^\d{1,2}$/);
  });

  it("refuses options that make no race", () => {
    expect(() => new RaceSim(options({ trackId: "nowhere" }))).toThrow("no track nowhere");
    expect(() => new RaceSim(options({ cars: 0 }))).toThrow("cars");
    expect(() => new RaceSim(options({ cars: 41 }))).toThrow("cars");
    expect(() => new RaceSim(options({ sampleRateHz: 5 }))).toThrow("rate");
    expect(() => new RaceSim(options({ startMs: 0.5 }))).toThrow("startMs");
    expect(() => new RaceSim(options({ laps: 0 }))).toThrow("laps");
  });
});

describe("lap truth", () => {
  it("covers the race without holes", () => {
    const previous = new Map<string, LapTruthRecord>();
    for (const step of stepsOf(new RaceSim(options()))) {
      for (const record of step.truth) {
        if (record.type !== "lap") continue;
        const before = previous.get(record.car);
        if (before !== undefined) {
          expect(record.startMs).toBe(before.timeMs);
          expect(record.lapNumber).toBe(before.lapNumber + 1);
        }
        previous.set(record.car, record);
      }
    }
    expect(previous.size).toBe(12);
  });
});
