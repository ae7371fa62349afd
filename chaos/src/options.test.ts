import { expect, test } from "vitest";
import { CHAOS_DEFAULTS, parseChaosCommand } from "./options.ts";

test("flags over defaults", () => {
  expect(parseChaosCommand([])).toEqual({ options: CHAOS_DEFAULTS, json: false });
  expect(parseChaosCommand(["--minutes", "2.5", "--seed", "9", "--json"])).toMatchObject({
    options: { minutes: 2.5, seed: 9 },
    json: true,
  });
  expect(parseChaosCommand(["--profile", "short", "--only", "kill,freeze"])).toMatchObject({
    options: { minutes: 0, kinds: ["kill", "freeze"] },
  });
});

test.each([
  [["--minutes", "x"], "--minutes wants a number from 0 to 1440, not x"],
  [["--seed", "1.5"], "--seed wants a whole number from 0 to 4294967295, not 1.5"],
  [["--processors", "2"], "--processors wants a whole number from 3 to 16, not 2"],
  [["--profile", "long"], "--profile wants short or full, not long"],
  [["--only", "kill,earthquake"], "--only wants names of faults, and earthquake is none"],
])("%j is refused", (argv, error) => {
  expect(parseChaosCommand(argv)).toEqual({ error });
});
