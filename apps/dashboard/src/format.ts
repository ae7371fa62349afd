/** What a cell shows: a text, or a dash with the reason why there is no number. Nothing else reaches the screen. */
export interface Shown {
  readonly text: string;
  /** Why there is no number; absent when there is one. */
  readonly reason?: string;
}

export const DASH = "–";

export function shown(text: string): Shown {
  return { text };
}

export function missing(reason: string): Shown {
  return { text: DASH, reason: reason === "" ? "not known" : reason };
}

/** A number with a fixed count of decimals; a dash for what is not a finite number. */
export function shownNumber(value: number | undefined, decimals: number, reason: string): Shown {
  if (value === undefined) return missing(reason);
  if (!Number.isFinite(value)) return missing("not a number");
  return shown(value.toFixed(decimals));
}

/** 0.03 becomes "3 %"; a fuel saving has a sign, because a negative one means that more was burnt. */
export function shownPercent(fraction: number | undefined, reason: string, signed = false): Shown {
  if (fraction === undefined) return missing(reason);
  if (!Number.isFinite(fraction)) return missing("not a number");
  // Adding 0 turns -0 into 0.
  const percent = Math.round(fraction * 100) + 0;
  const sign = percent < 0 ? "−" : signed && percent > 0 ? "+" : "";
  return shown(`${sign}${Math.abs(percent)}%`);
}

/** Whole laps that can be completed; a part of a lap does not bring a car to the line. */
export function wholeLaps(laps: number | undefined): number | undefined {
  return laps === undefined || !Number.isFinite(laps) ? undefined : Math.max(0, Math.floor(laps));
}

/** "28–34", or "28" when both ends are the same. */
export function lapRange(p10: number | undefined, p90: number | undefined): string | undefined {
  const from = wholeLaps(p10);
  const to = wholeLaps(p90);
  if (from === undefined || to === undefined) return undefined;
  return from === to ? `${from}` : `${from}–${to}`;
}

/** Lap times are shown to the tenth. */
export function shownLapTime(ms: number | undefined, reason: string): Shown {
  if (ms === undefined || !Number.isFinite(ms) || ms <= 0) return missing(reason);
  const tenths = Math.round(ms / 100);
  const rest = (tenths % 600) / 10;
  return shown(tenths < 600 ? rest.toFixed(1) : `${Math.floor(tenths / 600)}:${rest.toFixed(1).padStart(4, "0")}`);
}

/** How old data is, coarser the older it is. */
export function ageWords(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}

/** The words of a lap's reasons in full; an unknown word is shown as it is. */
export function reasonWords(reasons: readonly string[]): string {
  return reasons.map((reason) => REASON_WORDS.get(reason) ?? reason).join(", ");
}

/** Two or three letters for the small mark beside a number. */
export function reasonCode(reasons: readonly string[]): string {
  const reason = reasons[0];
  return reason === undefined ? "" : (REASON_CODES.get(reason) ?? reason.slice(0, 3).toUpperCase());
}

const REASON_WORDS: ReadonlyMap<string, string> = new Map([
  ["out", "out lap"],
  ["in", "in lap"],
  ["pit", "pit stop"],
  ["caution", "caution"],
  ["restart", "restart"],
  ["partial", "part of a lap"],
  ["gap", "telemetry gap"],
  ["tow", "towed"],
  ["reset", "car was reset"],
  ["outlier", "unlike the other laps"],
]);

const REASON_CODES: ReadonlyMap<string, string> = new Map([
  ["out", "OUT"],
  ["in", "IN"],
  ["pit", "PIT"],
  ["caution", "CAU"],
  ["restart", "RST"],
  ["partial", "PART"],
  ["gap", "GAP"],
  ["tow", "TOW"],
  ["reset", "RSET"],
  ["outlier", "ODD"],
]);
