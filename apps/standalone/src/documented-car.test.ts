import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openConfiguredSource } from "./race-source.ts";
import { sourceConfig } from "./testing/source-config.ts";

const ROOT = new URL("../../../", import.meta.url);

test.each(["README.md", "apps/graphics/README.md"])(
  "%s shows the burn bar of a car that `npm start` has",
  async (path) => {
    const { race } = await openConfiguredSource(sourceConfig({}));
    const shown = [...readFileSync(new URL(path, ROOT), "utf8").matchAll(/burn-bar\.html\?car=(\w+)/g)];
    expect(shown.length).toBeGreaterThan(0);
    const cars = race.entries.map(({ car }) => car);
    for (const [, car] of shown) expect(cars).toContain(car);
  },
);
