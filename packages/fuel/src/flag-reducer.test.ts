import { FlagState } from "@burnline/contract";
import { describe, expect, it } from "vitest";
import { RESTART_MS_DEFAULT, reduceFlag } from "./flag-reducer.ts";
import { REGIME_CAUTION, REGIME_GREEN, REGIME_RED, REGIME_RESTART } from "./regime.ts";

const { UNSPECIFIED, GREEN, CAUTION, RED, WHITE, CHECKERED } = FlagState;
const restart = [
  { fromMs: 1_000, regime: REGIME_RESTART },
  { fromMs: 32_000, regime: REGIME_GREEN },
];
const green = [{ fromMs: 1_000, regime: REGIME_GREEN }];
const caution = [{ fromMs: 1_000, regime: REGIME_CAUTION }];
const red = [{ fromMs: 1_000, regime: REGIME_RED }];

const table: Record<FlagState, Record<FlagState, unknown>> = {
  [UNSPECIFIED]: { [UNSPECIFIED]: [], [GREEN]: green, [CAUTION]: caution, [RED]: red, [WHITE]: [], [CHECKERED]: [] },
  [GREEN]: { [UNSPECIFIED]: [], [GREEN]: [], [CAUTION]: caution, [RED]: red, [WHITE]: [], [CHECKERED]: [] },
  [CAUTION]: { [UNSPECIFIED]: [], [GREEN]: restart, [CAUTION]: caution, [RED]: red, [WHITE]: restart, [CHECKERED]: [] },
  [RED]: { [UNSPECIFIED]: [], [GREEN]: restart, [CAUTION]: caution, [RED]: red, [WHITE]: restart, [CHECKERED]: [] },
  [WHITE]: { [UNSPECIFIED]: [], [GREEN]: [], [CAUTION]: caution, [RED]: red, [WHITE]: [], [CHECKERED]: [] },
  [CHECKERED]: { [UNSPECIFIED]: [], [GREEN]: green, [CAUTION]: caution, [RED]: red, [WHITE]: [], [CHECKERED]: [] },
};

describe("flag reducer", () => {
  it("answers every pair of flags as the table says", () => {
    for (const [previous, row] of Object.entries(table)) {
      for (const [flag, changes] of Object.entries(row)) {
        const event = { flag: Number(flag) as FlagState, fromMs: 1_000 };
        expect(
          reduceFlag(Number(previous) as FlagState, event, { greenLapMs: 31_000 }),
          `${previous} → ${flag}`,
        ).toEqual(changes);
      }
    }
  });

  it("lets a restart last a typical while when nobody knows the lap time", () => {
    const changes = reduceFlag(CAUTION, { flag: GREEN, fromMs: 1_000 }, { greenLapMs: 0 });
    expect(changes[1]).toEqual({ fromMs: 1_000 + RESTART_MS_DEFAULT, regime: REGIME_GREEN });
  });
});
