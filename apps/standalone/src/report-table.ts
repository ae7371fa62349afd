import type { FuelReport, ReportCar, ReportEstimate } from "./fuel-report.ts";

const HEADINGS = ["lap", "fuel kg", "p10-p90", "time s", "km", "flags", "not valid because"];

/** The report for people: a table of laps per car. */
export function reportText(report: FuelReport): string {
  const model = report.modelVersions.length > 0 ? ` + ${report.modelVersions.join(", ")}` : "";
  const head = `${report.race}: ${report.source}\nEstimates by ${report.physicsVersion}${model}; nothing here was measured by a fuel sensor.`;
  return [head, ...report.cars.map(carText)].join("\n\n");
}

function carText(car: ReportCar): string {
  const rows = car.laps.map((lap) => [
    String(lap.lapNumber),
    middle(lap.fuelKg),
    interval(lap.fuelKg),
    lap.durationS.toFixed(3),
    (lap.distanceM / 1000).toFixed(3),
    lap.flags.join(" "),
    lap.reasons.join(" "),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd();
  const { totals, counts } = car;
  const total = totals.fuelKg === null ? "not known (no rpm channel)" : `${totals.fuelKg.toFixed(4)} kg`;
  return [
    `Car ${car.car}${car.driver === "" ? "" : ` ${car.driver}`}, profile ${car.profile || "generic"}`,
    ...(rows.length === 0 ? ["  no finished lap"] : [line(HEADINGS), ...rows.map(line)]),
    `  total ${total} over ${(totals.distanceM / 1000).toFixed(3)} km, ${totals.outsideLapsKg.toFixed(4)} kg of it outside finished laps`,
    `  ${counts.frames ?? 0} frames, ${counts.samples ?? 0} samples, ${counts.duplicateFrames ?? 0} duplicate frames, ${counts.lateSamples ?? 0} late samples`,
  ].join("\n");
}

function middle({ p50 }: ReportEstimate): string {
  return p50 === null ? "-" : p50.toFixed(4);
}

function interval({ p10, p90, reason }: ReportEstimate): string {
  return p10 === null || p90 === null ? reason : `${p10.toFixed(4)}-${p90.toFixed(4)}`;
}
