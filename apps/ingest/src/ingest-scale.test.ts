import { StepClock } from "@burnline/std";
import { expect, test } from "vitest";
import { noMetrics } from "./ingest-metrics.ts";
import { IngestScale } from "./ingest-scale.ts";

test("the rate is that of the admitted bytes since the last reading, and counts none twice", () => {
  const clock = new StepClock(0);
  const scale = new IngestScale(clock);
  const counted: number[] = [];
  const metrics = scale.watch({ ...noMetrics, frameAdmitted: (_, bytes) => counted.push(bytes) });
  metrics.frameAdmitted(12, 300);
  metrics.frameAdmitted(12, 500);
  clock.advance(2_000);
  expect(scale.read()).toEqual({ bytesPerSecond: 400 });
  clock.advance(500);
  expect(scale.read()).toEqual({ bytesPerSecond: 400 });
  clock.advance(500);
  expect(scale.read()).toEqual({ bytesPerSecond: 0 });
  expect(counted).toEqual([300, 500]);
});
