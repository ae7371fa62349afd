import { create, FlagState, RaceDefinitionSchema } from "@burnline/contract";
import { REGIME_CAUTION, REGIME_GREEN, REGIME_RESTART } from "@burnline/fuel";
import { expect, test } from "vitest";
import { RaceState } from "./race-state.ts";

function race(): RaceState {
  const state = new RaceState("r");
  state.definition = create(RaceDefinitionSchema, { race: "r", track: { greenLapS: 30 } });
  state.setFlag(FlagState.GREEN, 0);
  state.setFlag(FlagState.CAUTION, 100_000);
  state.setFlag(FlagState.GREEN, 200_000);
  return state;
}

test("after a caution a restart lasts one green lap, judged by event time", () => {
  const { regimes } = race();
  expect([150_000, 200_000, 229_999, 230_000].map((ms) => regimes.at(ms))).toEqual([
    REGIME_CAUTION,
    REGIME_RESTART,
    REGIME_RESTART,
    REGIME_GREEN,
  ]);
});

test.each([
  ["green again", FlagState.GREEN],
  ["white", FlagState.WHITE],
])("%s inside a restart leaves its end where it was", (_, flag) => {
  const state = race();
  state.setFlag(flag, 210_000);
  expect(state.regimes.at(229_999)).toBe(REGIME_RESTART);
  expect(state.regimes.at(240_000)).toBe(REGIME_GREEN);
});

test("a caution inside a restart takes its place for good", () => {
  const state = race();
  state.setFlag(FlagState.CAUTION, 210_000);
  expect(state.regimes.at(240_000)).toBe(REGIME_CAUTION);
});

test("what was stored is what is restored", () => {
  const state = race();
  state.stageNumber = 2;
  state.revision = 5;
  const restored = new RaceState("r");
  restored.restore(state.encode());
  expect(Buffer.from(restored.encode()).toString()).toBe(Buffer.from(state.encode()).toString());
});
