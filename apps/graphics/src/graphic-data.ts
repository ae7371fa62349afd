import { isCarId } from "@burnline/contract";

export const AIR_UNITS = ["mpg", "l100", "kg", "gal", "l"] as const;
export type AirUnits = (typeof AIR_UNITS)[number];

/** What a graphic is told to show. */
export interface GraphicData {
  /** Empty: no car chosen. */
  readonly car: string;
  readonly units: AirUnits;
}

interface GraphicOptions extends GraphicData {
  /** Goes on air by itself as soon as there is something to show. */
  readonly autoplay: boolean;
  /** Says on the page what is wrong; never on air. */
  readonly debug: boolean;
}

/** An update longer than this is ignored. A template update has some hundred characters. */
export const UPDATE_LENGTH_MAX = 10_000;

/** The options of a page's address, such as "?car=24&units=mpg&autoplay=0&debug=1". */
export function readOptions(query: URLSearchParams): GraphicOptions {
  const chosen = readFields({ car: query.get("car") ?? "", units: query.get("units") ?? "" });
  return {
    car: chosen.car ?? "",
    units: chosen.units ?? "mpg",
    autoplay: query.get("autoplay") !== "0",
    debug: query.get("debug") === "1",
  };
}

/**
 * What an update() of a playout server changes: JSON such as {"car":"24"}, or the XML of CasparCG's templates with
 * one componentData per field. Fields that are missing or not sound change nothing.
 */
export function readUpdate(update: unknown): Partial<GraphicData> {
  if (typeof update === "object" && update !== null) return readFields(update as Record<string, unknown>);
  if (typeof update !== "string" || update.length > UPDATE_LENGTH_MAX) return {};
  const text = update.trim();
  if (text.startsWith("<")) return readFields(templateFields(text));
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? readFields(parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function readFields(fields: Record<string, unknown>): Partial<GraphicData> {
  const { car } = fields;
  const units = AIR_UNITS.find((known) => known === fields.units);
  return {
    ...(typeof car === "string" && isCarId(car.trim()) ? { car: car.trim() } : {}),
    ...(units === undefined ? {} : { units }),
  };
}

/** <templateData><componentData id="car"><data id="text" value="24"/></componentData>…</templateData> */
function templateFields(xml: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, id, value] of xml.matchAll(
    /<componentData\s+id="([^"]*)"\s*>\s*<data\s+id="[^"]*"\s+value="([^"]*)"/g,
  )) {
    if (id !== undefined && value !== undefined) fields[id] = value;
  }
  return fields;
}
