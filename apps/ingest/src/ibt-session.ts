import { parseDocument } from "yaml";

/** What the session text of an .ibt tells about car and track; undefined = not told. */
export interface IbtSession {
  readonly carPath: string | undefined;
  readonly trackId: string | undefined;
  readonly trackName: string | undefined;
  readonly trackLengthM: number | undefined;
  readonly fuelDensityKgPerL: number | undefined;
  readonly usableFuelLitres: number | undefined;
}

/** Longer session texts are not read; 64 drivers with all their sessions stay below 200 kB. */
export const SESSION_TEXT_BYTES_MAX = 1024 * 1024;

const NOTHING: IbtSession = {
  carPath: undefined,
  trackId: undefined,
  trackName: undefined,
  trackLengthM: undefined,
  fuelDensityKgPerL: undefined,
  usableFuelLitres: undefined,
};

/** Length of a name from a foreign text that we pass on, in characters. */
const NAME_LENGTH_MAX = 80;

/**
 * Reads the session text (YAML, Latin-1, padded with NUL). The text is not needed to read the samples, so a damaged one
 * costs the names and not the file.
 */
export function parseIbtSession(text: string): IbtSession {
  const nul = text.indexOf("\0");
  const clean = nul === -1 ? text : text.slice(0, nul);
  let root: unknown;
  try {
    // Driver and team names may hold characters that are not sound YAML: what could be read of the rest still counts.
    root = parseDocument(clean, { logLevel: "silent", uniqueKeys: false }).toJS({ maxAliasCount: 0 });
  } catch {
    return NOTHING;
  }
  if (!isRecord(root)) return NOTHING;
  const weekend = section(root, "WeekendInfo");
  const driver = section(root, "DriverInfo");
  const maxLitres = quantity(driver.DriverCarFuelMaxLtr);
  const maxShare = quantity(driver.DriverCarMaxFuelPct);
  return {
    carPath: carPathOf(driver),
    trackId: name(weekend.TrackName),
    trackName: name(weekend.TrackDisplayName),
    // The length that the lap position refers to; TrackLengthOfficial is the brochure's.
    trackLengthM: within(kilometres(weekend.TrackLength), 50, 100_000),
    fuelDensityKgPerL: within(quantity(driver.DriverCarFuelKgPerLtr), 0.4, 1.2),
    usableFuelLitres: within(maxLitres === undefined ? undefined : maxLitres * (maxShare ?? 1), 0.1, 1000),
  };
}

function carPathOf(driverInfo: Readonly<Record<string, unknown>>): string | undefined {
  const drivers = driverInfo.Drivers;
  if (!Array.isArray(drivers)) return undefined;
  const ownIndex = quantity(driverInfo.DriverCarIdx);
  const own = drivers.find((driver) => isRecord(driver) && quantity(driver.CarIdx) === ownIndex);
  return isRecord(own) ? name(own.CarPath) : undefined;
}

function section(root: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const value = root[key];
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function name(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  // Control characters in a foreign name have no business on a terminal or in a page.
  const text = String(value)
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, NAME_LENGTH_MAX);
  return text === "" ? undefined : text;
}

/** A number, alone or in front of its unit ("0.68 km", "20.000"). */
function quantity(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number.parseFloat(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function kilometres(value: unknown): number | undefined {
  const number = quantity(value);
  if (number === undefined) return undefined;
  return typeof value === "string" && /\bmi\b/.test(value) ? number * 1609.344 : number * 1000;
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}
