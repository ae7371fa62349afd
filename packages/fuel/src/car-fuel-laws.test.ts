import { STATUS_ON_PIT_ROAD, STATUS_RESET } from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BurnModel } from "./burn-model.ts";
import { CarFuel } from "./car-fuel.ts";
import type { CarContext, FuelOutput } from "./fuel-output.ts";
import { CAR_PROFILE_IDS, findCarProfile } from "./profiles.ts";
import {
  columnsOf,
  context,
  control,
  drive,
  feed,
  finish,
  type LapPlan,
  latest,
  nonFinitePath,
  sample,
  type TapeSample,
  throughJson,
} from "./testing/tape.ts";

const pitBits = (from: number, to: number) => (ppm: number) => (ppm >= from || ppm < to ? STATUS_ON_PIT_ROAD : 0);

const lapPlan: fc.Arbitrary<LapPlan> = fc.record(
  {
    throttle: fc.double({ min: 0, max: 1, noNaN: true }),
    regime: fc.constantFrom(0, 1, 2, 3),
    lapS: fc.integer({ min: 16, max: 40 }),
    statusBits: fc.constantFrom(
      pitBits(900_000, 0),
      pitBits(1_000_000, 80_000),
      pitBits(950_000, 50_000),
      () => 0,
      () => 0,
    ),
  },
  { requiredKeys: [] },
);

type Step = { type: "stage" | "fill" | "full" | "in" | "out" | "stop" | "go" | "tow"; at: number };
const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom("stage", "fill", "full", "in", "out", "stop", "go", "tow"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
});

const race = fc.record({
  plans: fc.array(lapPlan, { minLength: 1, maxLength: 6 }),
  steps: fc.array(step, { maxLength: 6 }),
  /** Shares of the race at which a stretch of samples is missing. */
  holes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  frame: fc.integer({ min: 1, max: 64 }),
});
type Race = typeof race extends fc.Arbitrary<infer T> ? T : never;

function samplesOf({ plans, holes }: Race): TapeSample[] {
  const samples = drive(plans);
  for (const hole of holes) samples.splice(Math.floor(hole * samples.length * 0.9) + 1, 25);
  return samples;
}

/** Samples and control events in the order in which a log would hold them; one entry is one call. */
function callsOf(one: Race): ((fuel: CarFuel) => void)[] {
  const samples = samplesOf(one);
  const calls: ((fuel: CarFuel) => void)[] = [];
  const events = one.steps.map(({ type, at }) => ({ index: Math.floor(at * samples.length), type }));
  let stage = 0;
  for (let from = 0; from < samples.length; from += one.frame) {
    const frame = samples.slice(from, from + one.frame);
    const nowMs = frame[0]!.eventTimeMs;
    for (const { index, type } of events) {
      if (index < from || index >= from + one.frame) continue;
      if (type === "stage") stage++;
      const event = eventOf(type, nowMs + 300, stage);
      calls.push((fuel) => fuel.applyControl(event));
    }
    calls.push((fuel) => {
      const columns = columnsOf(frame);
      fuel.addInOrder(columns, 0, columns.count);
    });
    if (from % 10 < one.frame) {
      calls.push((fuel) => {
        fuel.addModelDelta(nowMs - 700, nowMs + 300, 12_345, 0.2, "m-1");
        fuel.advance(nowMs - 5_000);
        fuel.flush();
      });
    }
  }
  return calls;
}

function eventOf(type: Step["type"], atMs: number, stage: number) {
  const car = "24";
  switch (type) {
    case "stage":
      return control(atMs, { case: "stageEnded", value: { stageNumber: stage } });
    case "fill":
      return control(atMs, { case: "fuelFilled", value: { car, litres: 30, full: false } });
    case "full":
      return control(atMs, { case: "fuelFilled", value: { car, litres: 0, full: true } });
    case "in":
      return control(atMs, { case: "pitRoadEntered", value: { car } });
    case "out":
      return control(atMs, { case: "pitRoadLeft", value: { car } });
    case "stop":
      return control(atMs, { case: "boxStopped", value: { car } });
    case "go":
      return control(atMs, { case: "boxLeft", value: { car } });
    case "tow":
      return control(atMs, { case: "incidentReported", value: { car, text: "", towed: true } });
  }
}

function run(fuel: CarFuel, calls: readonly ((fuel: CarFuel) => void)[]): FuelOutput[] {
  const outputs: FuelOutput[] = [];
  for (const call of calls) {
    call(fuel);
    outputs.push(...fuel.takeOutputs());
  }
  return outputs;
}

const startFull = () => ({
  ...context(),
  entry: {
    $typeName: "burnline.v1.Entry" as const,
    car: "24",
    driver: "",
    team: "",
    manufacturer: "",
    carProfile: "",
    startFuelLitres: 0,
    startsFull: true,
  },
});

describe("the ledger's laws", () => {
  it("I3: a lap is the sum of the samples between its lines, to the microgram, and every sample is in one lap", () => {
    fc.assert(
      fc.property(race, (one) => {
        const samples = samplesOf(one);
        const columns = samples.map((sample) => columnsOf([sample]).burnUg[0]!);
        const fuel = new CarFuel(context());
        const outputs = feed(fuel, samples, { frame: one.frame });
        outputs.push(...finish(fuel, samples.at(-1)!.eventTimeMs + 60_000));
        let counted = 0;
        for (const { body } of latest(outputs, "lap")) {
          const own = samples.flatMap((sample, index) =>
            sample.eventTimeMs >= body.startMs && sample.eventTimeMs < body.endMs ? [columns[index]!] : [],
          );
          expect(body.samples).toBe(own.length);
          expect(body.physicsUg).toBe(own.reduce((sum, ug) => sum + ug, 0));
          const split = body.split!;
          expect(split.greenUg + split.cautionUg + split.restartUg + split.pitRoadUg).toBe(body.physicsUg);
          counted += body.samples;
        }
        const running = fuel.snapshot().course.ledger!;
        expect(counted + running.laps.at(-1)!.totals.samples).toBe(samples.length);
        expect(running.race.totals.samples).toBe(samples.length);
      }),
      { numRuns: 150 },
    );
  });

  it("I4: after any events and holes stint = Σ segments, stage = Σ segments, race = Σ stints = Σ stages, at every step", () => {
    fc.assert(
      fc.property(race, (one) => {
        const fuel = new CarFuel(startFull());
        for (const call of callsOf(one)) {
          call(fuel);
          fuel.takeOutputs();
          expect(fuel.invariantFault()).toBeUndefined();
        }
      }),
      { numRuns: 60 },
    );
  });

  it("I4 in what is published: the final stints and stages add up to what the race burned", () => {
    fc.assert(
      fc.property(race, (one) => {
        const fuel = new CarFuel(startFull());
        const outputs = run(fuel, callsOf(one));
        outputs.push(...finish(fuel, 1e9), ...finish(fuel, 1e9));
        const race = fuel.snapshot().course.ledger!.race.totals;
        const burn = race.greenUg + race.cautionUg + race.restartUg + race.pitRoadUg;
        const sum = (kind: "stint" | "stage") =>
          latest(outputs, kind).reduce((ug, { body }) => ug + (body.totals?.physicsUg ?? 0), 0);
        expect(sum("stint")).toBe(burn);
        expect(sum("stage")).toBe(burn);
      }),
      { numRuns: 60 },
    );
  });

  it("I5: restored from a snapshot at any cut, through JSON, it goes on as if nothing had happened", () => {
    fc.assert(
      fc.property(race, fc.double({ min: 0, max: 1, noNaN: true }), (one, at) => {
        const calls = callsOf(one);
        const cut = Math.floor(at * calls.length);
        const uninterrupted = new CarFuel(startFull());
        const outputs = run(uninterrupted, calls);
        const first = new CarFuel(startFull());
        const before = run(first, calls.slice(0, cut));
        const second = CarFuel.restore(startFull(), throughJson(first.snapshot()));
        const after = run(second, calls.slice(cut));
        expect([...before, ...after]).toEqual(outputs);
        expect(JSON.stringify(second.snapshot())).toBe(JSON.stringify(uninterrupted.snapshot()));
        const nowMs = uninterrupted.snapshot().course.ledger!.releasedMs;
        expect(second.live(nowMs)).toEqual(uninterrupted.live(nowMs));
      }),
      { numRuns: 60 },
    );
  });

  it("a snapshot is not changed by what comes after it", () => {
    const samples = drive([{}, { regime: 1 }, {}]);
    const fuel = new CarFuel(startFull());
    feed(fuel, samples.slice(0, 400));
    const snapshot = fuel.snapshot();
    const text = JSON.stringify(snapshot);
    feed(fuel, samples.slice(400));
    expect(JSON.stringify(snapshot)).toBe(text);
  });

  it("samples that come late end in the same lap, with the same totals, whatever their order", () => {
    const totalsOf = (outputs: readonly FuelOutput[]) =>
      latest(outputs, "lap").map(({ key, final, body }) => [
        key,
        final,
        body.startMs,
        body.endMs,
        body.samples,
        body.physicsUg,
        body.distanceMm,
        body.gapMs,
        body.split,
        body.flags,
        body.reasons,
      ]);
    fc.assert(
      fc.property(
        fc.array(lapPlan, { minLength: 2, maxLength: 4 }),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (plans, lateness, delay) => {
          const samples = drive(plans);
          const inOrder = new CarFuel(context());
          const expected = [...feed(inOrder, samples), ...finish(inOrder, 1e9)];
          // What shows a crossing or the way to and from pit road has to come in order: from that the cuts are made.
          const isLoose = (sample: TapeSample, index: number) =>
            sample.positionPpm > 110_000 && sample.positionPpm < 880_000 && lateness[index % lateness.length] === true;
          const fuel = new CarFuel(context());
          const outputs: FuelOutput[] = [];
          const loose: TapeSample[] = [];
          samples.forEach((sample, index) => {
            if (isLoose(sample, index)) loose.push(sample);
            else {
              const columns = columnsOf([sample]);
              fuel.addInOrder(columns, 0, 1);
            }
            // Within the lateness of 5 s, before anything that it belongs to is closed.
            const ageMs = sample.eventTimeMs - (loose[0]?.eventTimeMs ?? sample.eventTimeMs);
            if (loose.length >= delay || ageMs > 4_000) {
              const columns = columnsOf(loose.splice(0).reverse());
              fuel.addLate(columns, 0, columns.count);
            }
            if (index % 10 === 9) {
              fuel.advance(sample.eventTimeMs - 5_000);
              fuel.flush();
            }
            outputs.push(...fuel.takeOutputs());
          });
          const rest = columnsOf(loose);
          fuel.addLate(rest, 0, rest.count);
          outputs.push(...finish(fuel, 1e9));
          expect(fuel.invariantFault()).toBeUndefined();
          expect(totalsOf(outputs)).toEqual(totalsOf(expected));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("how the samples are cut into frames changes nothing", () => {
    fc.assert(
      fc.property(race, fc.integer({ min: 1, max: 64 }), (one, frame) => {
        const samples = samplesOf(one);
        const a = new CarFuel(startFull());
        const b = new CarFuel(startFull());
        for (let from = 0; from < samples.length; from += one.frame) {
          const columns = columnsOf(samples.slice(from, from + one.frame));
          a.addInOrder(columns, 0, columns.count);
        }
        for (let from = 0; from < samples.length; from += frame) {
          const columns = columnsOf(samples.slice(from, from + frame));
          b.addInOrder(columns, 0, columns.count);
        }
        expect(b.takeOutputs()).toEqual(a.takeOutputs());
        expect(b.snapshot()).toEqual(a.snapshot());
      }),
      { numRuns: 60 },
    );
  });

  it("every revision of a fact is one higher than the one before, and nothing follows a final one", () => {
    fc.assert(
      fc.property(race, (one) => {
        const fuel = new CarFuel(startFull());
        const outputs = [...run(fuel, callsOf(one)), ...finish(fuel, 1e9)];
        const last = new Map<string, FuelOutput>();
        for (const output of outputs) {
          const key = `${output.kind}:${output.key}`;
          const before = last.get(key);
          expect(output.revision, key).toBe(before === undefined ? 0 : before.revision + 1);
          expect(before?.final ?? false, key).toBe(false);
          last.set(key, output);
        }
      }),
      { numRuns: 80 },
    );
  });
});

describe("no output", () => {
  const wild: fc.Arbitrary<TapeSample> = fc.record({
    eventTimeMs: fc.integer({ min: 0, max: 20_000 }),
    throttle: fc.double({ min: 0, max: 1, noNaN: true }),
    rpm: fc.constantFrom(-1, 0, 300, 399.9, 4_000, 8_000, 25_000),
    speedMps: fc.constantFrom(-1, 0, 0.1, 20, 90, 150),
    positionPpm: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 999_999 })),
    lapNumber: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 3, max: 5 })),
    statusBits: fc.constantFrom(0, 0, 0, STATUS_ON_PIT_ROAD, STATUS_RESET, 7),
    regime: fc.constantFrom(0, 1, 2, 3),
  });
  const wildEvent = fc.record({
    type: fc.constantFrom<Step["type"]>("stage", "fill", "full", "in", "out", "stop", "go", "tow"),
    atMs: fc.oneof(fc.integer({ min: -10_000, max: 400_000 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)),
    litres: fc.constantFrom(0, 1, 1e9, -5, Number.NaN, Number.POSITIVE_INFINITY),
  });
  type WildEvent = typeof wildEvent extends fc.Arbitrary<infer T> ? T : never;

  /** Everything at once, checked after every call. */
  function endure(samples: readonly TapeSample[], events: readonly WildEvent[], given: CarContext): void {
    const fuel = new CarFuel(given);
    const model = new BurnModel(given.profile);
    let nowMs = 0;
    samples.forEach((one, index) => {
      nowMs += one.eventTimeMs;
      const columns = columnsOf([{ ...one, eventTimeMs: nowMs }], model, 1 + (index % 120));
      if (index % 7 === 6) fuel.addLate(columns, 0, 1);
      else fuel.addInOrder(columns, 0, 1);
      const event = events[index];
      if (event !== undefined) {
        const { type, atMs, litres } = event;
        fuel.applyControl(eventOf(type, atMs, index));
        fuel.applyControl(control(atMs, { case: "fuelFilled", value: { car: "24", litres, full: false } }));
        fuel.applyControl(control(atMs, { case: "lapLineCrossed", value: { car: "24", completedLapNumber: index } }));
        fuel.addModelDelta(nowMs - 1_000, nowMs, 1e6 * (index - 20), 0.2, "m");
      }
      fuel.advance(nowMs - 5_000);
      fuel.flush();
      for (const output of fuel.takeOutputs()) expect(nonFinitePath(output), output.kind).toBeUndefined();
      expect(nonFinitePath(fuel.live(nowMs))).toBeUndefined();
      expect(nonFinitePath(fuel.snapshot())).toBeUndefined();
      expect(fuel.invariantFault()).toBeUndefined();
    });
  }

  it("ever holds a number that is none, and no sum breaks, whatever the samples and events", () => {
    fc.assert(
      fc.property(
        fc.array(wild, { minLength: 1, maxLength: 120 }),
        fc.array(wildEvent, { maxLength: 40 }),
        fc.constantFrom(...CAR_PROFILE_IDS),
        fc.constantFrom(0, 500, 4_000),
        fc.constantFrom(0, 0.9),
        (samples, events, profileId, lengthM, greenBurnKgPerLap) => {
          const track = { lengthM, greenLapS: 0, greenBurnKgPerLap };
          endure(samples, events, { ...startFull(), profile: findCarProfile(profileId)!, track });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("breaks a sum when a car leaves pit road in the millisecond of a reset (seed 1573191958)", () => {
    const at = (eventTimeMs: number, positionPpm: number, lapNumber: number, statusBits: number) =>
      sample({ eventTimeMs, positionPpm, lapNumber, statusBits, rpm: -1, speedMps: -1 });
    const samples = [at(0, -1, 3, 0), at(3, 0, 0, 0), at(19_997, 0, 1, 7), at(0, 0, 3, 0)];
    endure(samples, [], { ...startFull(), track: { lengthM: 0, greenLapS: 0, greenBurnKgPerLap: 0 } });
  });

  it("has an interval the wrong way round, or an unknown without a reason", () => {
    fc.assert(
      fc.property(race, (one) => {
        const fuel = new CarFuel(startFull());
        for (const output of run(fuel, callsOf(one))) {
          const estimates =
            output.kind === "lap"
              ? [output.body.burnKg]
              : output.kind === "strategy"
                ? [output.body.levelKg, output.body.lapsLeft]
                : output.kind === "alert"
                  ? []
                  : [output.body.totals?.burnKg];
          for (const estimate of estimates) {
            if (estimate?.p50 === undefined) expect(estimate?.reason).not.toBe("");
            else {
              expect(estimate.p10!).toBeLessThanOrEqual(estimate.p50);
              expect(estimate.p50).toBeLessThanOrEqual(estimate.p90!);
              expect(estimate.p10!).toBeGreaterThanOrEqual(0);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
