import type { MeterReading } from "./board-row.ts";
import { DASH } from "./format.ts";

/** A needle from the middle: left saves, right burns more than the car's own average. The word says the same. */
export function BurnMeter({ meter }: { readonly meter: MeterReading }) {
  const word = meter.word;
  if (meter.reason !== "") {
    return (
      <span className="meter meter-none" title={meter.reason}>
        {DASH}
      </span>
    );
  }
  return (
    <span className={`meter meter-${word ?? "neutral"}`}>
      <span className="meter-track">
        <span
          className={meter.deflection < 0 ? "meter-fill meter-fill-left" : "meter-fill meter-fill-right"}
          style={{ transform: `scaleX(${Math.abs(meter.deflection).toFixed(3)})` }}
        />
        <span className="meter-middle" />
      </span>
      <span className="meter-word">{word === undefined ? DASH : METER_WORDS[word]}</span>
    </span>
  );
}

const METER_WORDS = { hard: "HARD ▸", neutral: "NEUTRAL", saving: "◂ SAVING" } as const;
