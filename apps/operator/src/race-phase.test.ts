import { FlagState } from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factsOf, isFrozen, nextPhase, type PhaseFacts } from "./race-phase.ts";
import { PHASES, type Phase } from "./race-resource.ts";
import { CHECKERED_SEEN, feed, flag, GREEN_SEEN, HOUR_MS, MINUTE_MS, START_MS, spec } from "./testing/race-day.ts";

const NOTHING: PhaseFacts = {
  ...{ isWarmUpDue: false, isStartDue: false, isEndDue: false, isEdited: false, isReady: false },
  ...{ isGreenSeen: false, isCheckeredSeen: false, isOver: false, isArchiveOver: false },
};
const NAMES = Object.keys(NOTHING) as (keyof PhaseFacts)[];
const stay = (phase: Phase): Record<keyof PhaseFacts, Phase> => ({
  ...{ isWarmUpDue: phase, isStartDue: phase, isEndDue: phase, isEdited: phase, isReady: phase },
  ...{ isGreenSeen: phase, isCheckeredSeen: phase, isOver: phase, isArchiveOver: phase },
});

/** Where each phase goes when this alone is true. */
const TABLE: Record<Phase, Record<keyof PhaseFacts, Phase>> = {
  Pending: { ...stay("Pending"), isWarmUpDue: "WarmingUp" },
  WarmingUp: {
    ...{ ...stay("WarmingUp"), isReady: "Ready", isStartDue: "Racing", isGreenSeen: "Racing", isEdited: "Pending" },
  },
  Ready: {
    ...{ ...stay("WarmingUp"), isReady: "Ready", isStartDue: "Racing", isGreenSeen: "Racing", isEdited: "Pending" },
  },
  Racing: { ...stay("Racing"), isCheckeredSeen: "Finishing", isEndDue: "Finishing", isEdited: "Pending" },
  Finishing: { ...stay("Finishing"), isOver: "Archiving", isEdited: "Pending" },
  Archiving: { ...stay("Archiving"), isArchiveOver: "Done" },
  Done: stay("Done"),
};

test.each(PHASES.flatMap((phase) => NAMES.map((name) => [phase, name, TABLE[phase][name]] as const)))(
  "%s with %s alone goes to %s",
  (phase, name, expected) => {
    expect(nextPhase(phase, { ...NOTHING, [name]: true })).toBe(expected);
  },
);

/** All 512 combinations of facts. */
const COMBINATIONS = Array.from({ length: 2 ** NAMES.length }, (_, bits) =>
  Object.fromEntries(NAMES.map((name, index) => [name, (bits & (2 ** index)) !== 0])),
) as unknown as readonly PhaseFacts[];

describe("of all combinations of facts", () => {
  test("none takes a race from a phase anywhere but to the next one, or back before the start", () => {
    for (const phase of PHASES) {
      for (const facts of COMBINATIONS) {
        const next = nextPhase(phase, facts);
        const distance = PHASES.indexOf(next) - PHASES.indexOf(phase);
        expect(distance).toBeLessThanOrEqual(phase === "WarmingUp" ? 2 : 1);
        if (distance < 0) expect(["Pending", "WarmingUp"]).toContain(next);
      }
    }
  });

  test("only an edit before green, with the start ahead, leads out of a running race to before it", () => {
    for (const phase of ["Racing", "Finishing"] as const) {
      for (const facts of COMBINATIONS) {
        const isBack = PHASES.indexOf(nextPhase(phase, facts)) < PHASES.indexOf(phase);
        expect(isBack).toBe(facts.isEdited && !facts.isStartDue && !facts.isGreenSeen);
      }
    }
  });

  test("none leads back out of Archiving or Done", () => {
    for (const facts of COMBINATIONS) {
      expect(["Archiving", "Done"]).toContain(nextPhase("Archiving", facts));
      expect(nextPhase("Done", facts)).toBe("Done");
    }
  });

  test("followed step by step they end in one phase", () => {
    for (const first of PHASES) {
      for (const facts of COMBINATIONS) {
        let phase = first;
        for (let step = 0; step < PHASES.length; step++) phase = nextPhase(phase, facts);
        expect(nextPhase(phase, facts)).toBe(phase);
      }
    }
  });
});

test("frozen is exactly what lies between warm-up and the end of the race", () => {
  expect(PHASES.filter(isFrozen)).toEqual(["WarmingUp", "Ready", "Racing", "Finishing"]);
});

describe("a race is over", () => {
  const END_MS = START_MS + 180 * MINUTE_MS;
  const isOver = (nowMs: number, seen: Parameters<typeof feed>[0]) => factsOf(spec(), feed(seen), nowMs).isOver;
  const red = [...GREEN_SEEN, flag(FlagState.RED, START_MS + HOUR_MS)];

  test.each([
    ["not while frames come, flag or not", END_MS + HOUR_MS, { flags: CHECKERED_SEEN, quietMs: 0 }, false],
    [
      "5 min after the last frame behind a checkered flag",
      END_MS - HOUR_MS,
      { flags: CHECKERED_SEEN, quietMs: 300_000 },
      true,
    ],
    ["not a moment earlier", END_MS - HOUR_MS, { flags: CHECKERED_SEEN, quietMs: 299_999 }, false],
    ["an hour after the last frame without a checkered flag", END_MS, { flags: GREEN_SEEN, quietMs: HOUR_MS }, true],
    ["not before its scheduled end", END_MS - 1, { flags: GREEN_SEEN, quietMs: 2 * HOUR_MS }, false],
    ["not by silence under a red flag", END_MS + 5 * HOUR_MS, { flags: red, quietMs: 5 * HOUR_MS }, false],
    ["six hours past the end of a red flag", END_MS + 6 * HOUR_MS, { flags: red, quietMs: HOUR_MS }, true],
    ["not by silence when green was never seen", END_MS + 5 * HOUR_MS, { quietMs: 9 * HOUR_MS }, false],
    ["six hours past the end when green was never seen", END_MS + 6 * HOUR_MS, { quietMs: HOUR_MS }, true],
    ["when its feed goes on and on behind a checkered flag", END_MS + 6 * HOUR_MS, { flags: CHECKERED_SEEN }, true],
    ["not when its feed goes on without one", END_MS + 23 * HOUR_MS, { flags: GREEN_SEEN }, false],
    ["a day past its end at the latest", END_MS + 24 * HOUR_MS, { flags: GREEN_SEEN }, true],
  ])("%s", (_, nowMs, seen, expected) => {
    expect(isOver(nowMs, seen)).toBe(expected);
  });

  test("a clock that jumps ahead by less than a day ends no race whose frames come", () => {
    const jump = fc.integer({ min: 0, max: 24 * HOUR_MS - 1 });
    fc.assert(
      fc.property(jump, fc.constantFrom([], GREEN_SEEN, red), (jumpMs, flags) => {
        expect(isOver(END_MS + jumpMs, { flags, quietMs: 0 })).toBe(false);
      }),
    );
  });
});

test("flags of a rehearsal before the warm-up are not the race's", () => {
  const early = [flag(FlagState.GREEN, START_MS - 2 * HOUR_MS), flag(FlagState.CHECKERED, START_MS - 1.5 * HOUR_MS)];
  const facts = factsOf(spec(), feed({ flags: early }), START_MS - MINUTE_MS);
  expect(facts).toMatchObject({ isGreenSeen: false, isCheckeredSeen: false });
});

test("a checkered flag before any green one is of no race", () => {
  const flags = [flag(FlagState.CHECKERED, START_MS - MINUTE_MS), flag(FlagState.GREEN, START_MS)];
  expect(factsOf(spec(), feed({ flags }), START_MS).isCheckeredSeen).toBe(false);
});
