import type { AdmissionFault } from "./admission.ts";
import type { ControlFault } from "./control-admission.ts";
import type { SkipReason } from "./source.ts";

export interface CarCounts {
  framesAdmitted: number;
  samplesAdmitted: number;
  framesRejected: number;
}

/** Counts of one ingest session since its first item. Bounded: reasons are a closed list, cars are admitted cars. */
export class IngestCounts {
  framesAdmitted = 0;
  samplesAdmitted = 0;
  bytesAdmitted = 0;
  controlsAdmitted = 0;
  /** By reason, frames and control events apart. */
  readonly framesRejected = new Map<AdmissionFault, number>();
  readonly controlsRejected = new Map<ControlFault, number>();
  /** What the source had to leave out, by reason, in samples or items. */
  readonly samplesSkipped = new Map<SkipReason, number>();
  /** Only cars that had a frame admitted. Frames that never named a car are in framesRejected alone. */
  readonly cars = new Map<string, CarCounts>();

  frameAdmitted(car: string, samples: number, bytes: number): void {
    this.framesAdmitted++;
    this.samplesAdmitted += samples;
    this.bytesAdmitted += bytes;
    const counts = this.cars.get(car) ?? { framesAdmitted: 0, samplesAdmitted: 0, framesRejected: 0 };
    counts.framesAdmitted++;
    counts.samplesAdmitted += samples;
    this.cars.set(car, counts);
  }

  frameRejected(fault: AdmissionFault, car: string): void {
    increment(this.framesRejected, fault, 1);
    const counts = this.cars.get(car);
    if (counts !== undefined) counts.framesRejected++;
  }

  controlAdmitted(): void {
    this.controlsAdmitted++;
  }

  controlRejected(fault: ControlFault): void {
    increment(this.controlsRejected, fault, 1);
  }

  skipped(reason: SkipReason, count: number): void {
    increment(this.samplesSkipped, reason, count);
  }

  /** For reports and messages; key order fixed. */
  toJson(): Record<string, unknown> {
    const byKey = <V>(map: ReadonlyMap<string, V>) => Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    return {
      framesAdmitted: this.framesAdmitted,
      samplesAdmitted: this.samplesAdmitted,
      bytesAdmitted: this.bytesAdmitted,
      controlsAdmitted: this.controlsAdmitted,
      framesRejected: byKey(this.framesRejected),
      controlsRejected: byKey(this.controlsRejected),
      samplesSkipped: byKey(this.samplesSkipped),
      cars: byKey(this.cars),
    };
  }
}

function increment<K>(map: Map<K, number>, key: K, by: number): void {
  map.set(key, (map.get(key) ?? 0) + by);
}
