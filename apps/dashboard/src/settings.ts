import { CARS_MAX, isCarId } from "@burnline/contract";

export const UNITS = ["mpg", "l100", "kg", "gal", "l"] as const;
/** Miles per US gallon, litres per 100 km, or kilograms, US gallons, litres per lap. */
export type Units = (typeof UNITS)[number];

export const SORTS = ["position", "trouble", "saving", "hard", "number"] as const;
export type Sort = (typeof SORTS)[number];

export interface Settings {
  readonly units: Units;
  readonly sort: Sort;
  readonly favourites: readonly string[];
}

export const DEFAULT_SETTINGS: Settings = { units: "mpg", sort: "position", favourites: [] };

export const SETTINGS_KEY = "burnline.settings.v1";

/** The part of the web's Storage that we use; it may throw when the browser forbids storage. */
interface SettingsStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Believes nothing that it reads: each field that is not sound falls back to its default. */
export function readSettings(storage: SettingsStorage): Settings {
  let stored: unknown;
  try {
    stored = JSON.parse(storage.getItem(SETTINGS_KEY) ?? "{}");
  } catch {
    return DEFAULT_SETTINGS;
  }
  if (typeof stored !== "object" || stored === null) return DEFAULT_SETTINGS;
  const fields = stored as Record<string, unknown>;
  return {
    units: UNITS.find((units) => units === fields.units) ?? DEFAULT_SETTINGS.units,
    sort: SORTS.find((sort) => sort === fields.sort) ?? DEFAULT_SETTINGS.sort,
    favourites: readFavourites(fields.favourites),
  };
}

/** False when the browser refused; the settings then last as long as the page. */
export function writeSettings(storage: SettingsStorage, settings: Settings): boolean {
  try {
    storage.setItem(SETTINGS_KEY, JSON.stringify(settings));
    return true;
  } catch {
    return false;
  }
}

export function nextOf<T>(items: readonly T[], current: T): T {
  return items[(items.indexOf(current) + 1) % items.length] ?? current;
}

export function toggleFavourite(settings: Settings, car: string): Settings {
  const favourites = settings.favourites.includes(car)
    ? settings.favourites.filter((other) => other !== car)
    : [...settings.favourites, car].slice(-CARS_MAX);
  return { ...settings, favourites };
}

function readFavourites(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  const cars = value.filter((car): car is string => typeof car === "string" && isCarId(car));
  return [...new Set(cars)].slice(0, CARS_MAX);
}
