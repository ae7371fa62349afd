import { CARS_MAX } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_SETTINGS,
  nextOf,
  readSettings,
  SETTINGS_KEY,
  SORTS,
  toggleFavourite,
  UNITS,
  writeSettings,
} from "./settings.ts";

function storageWith(value: string | null) {
  const items = new Map<string, string>();
  if (value !== null) items.set(SETTINGS_KEY, value);
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
  };
}

const forbidden = {
  getItem: () => {
    throw new Error("denied");
  },
  setItem: () => {
    throw new Error("quota");
  },
};

describe("settings", () => {
  test("survive a reload", () => {
    const storage = storageWith(null);
    const settings = { units: "l100", sort: "trouble", favourites: ["24", "5"] } as const;
    expect(writeSettings(storage, settings)).toBe(true);
    expect(readSettings(storage)).toEqual(settings);
  });

  test("fall back to the defaults for anything that is not sound", () => {
    for (const text of [null, "", "{", "null", "[]", "7", '"x"', "{}"]) {
      expect(readSettings(storageWith(text))).toEqual(DEFAULT_SETTINGS);
    }
    expect(readSettings(forbidden)).toEqual(DEFAULT_SETTINGS);
  });

  test("keep each sound field and drop the others", () => {
    const text = JSON.stringify({
      units: "kg",
      sort: "no-such",
      favourites: ["24", 7, "a b", "24", null, "../x"],
      extra: 1,
    });
    expect(readSettings(storageWith(text))).toEqual({ units: "kg", sort: "position", favourites: ["24"] });
  });

  test("take no more favourites than cars in a race", () => {
    const favourites = Array.from({ length: CARS_MAX + 50 }, (_, index) => `c${index}`);
    expect(readSettings(storageWith(JSON.stringify({ favourites }))).favourites.length).toBe(CARS_MAX);
  });

  test("that the browser refuses to keep are no error", () => {
    expect(writeSettings(forbidden, DEFAULT_SETTINGS)).toBe(false);
  });
});

test("stepping through the choices comes back to the first", () => {
  for (const choices of [UNITS, SORTS] as const) {
    let current: string = choices[0];
    const seen = new Set<string>();
    for (let index = 0; index < choices.length; index++) {
      seen.add(current);
      current = nextOf(choices as readonly string[], current);
    }
    expect(current).toBe(choices[0]);
    expect(seen.size).toBe(choices.length);
  }
});

test("a favourite is set and taken back by the same key", () => {
  const once = toggleFavourite(DEFAULT_SETTINGS, "24");
  expect(once.favourites).toEqual(["24"]);
  expect(toggleFavourite(once, "24").favourites).toEqual([]);
});
