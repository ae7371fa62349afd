import { assert } from "@burnline/std";
import { METRES_PER_MILE, type TrackSpec } from "./track.ts";

const GRAVITY_MPS2 = 9.81;
/** Steering takes room: the curvature of a segment is blended into the next over this distance. */
const TRANSITION_M = 110;
const BIN_M = 4;
/** No corner limits the speed on a straight; the engine does. */
const SPEED_MAX_MPS = 110;

/** What the road asks for, in bins along one lap of a perfect car. Arrays have one entry per bin. */
export interface SpeedProfile {
  readonly lengthM: number;
  readonly binCount: number;
  readonly binsPerM: number;
  /** Fastest speed that still makes the next corner with the brakes of the track's calibration. */
  readonly limitMps: Float64Array;
  readonly curvaturePerM: Float64Array;
  /** Lateral acceleration that the tyres and the banking give. */
  readonly lateralGripMps2: Float64Array;
  /** Cosine and sine of the way the road points, for the wind. */
  readonly headingCos: Float64Array;
  readonly headingSin: Float64Array;
}

export function speedProfile(spec: TrackSpec): SpeedProfile {
  const lengthM = spec.lengthMiles.value * METRES_PER_MILE;
  const segmentsM = spec.segments.reduce((sum, segment) => sum + segment.lengthM, 0);
  assert(Math.abs(segmentsM - lengthM) < 5, `segments of ${spec.id} add up to ${segmentsM} m, not ${lengthM} m`);
  const binCount = Math.round(lengthM / BIN_M);
  const binM = lengthM / binCount;

  const curvature = new Float64Array(binCount);
  const banking = new Float64Array(binCount);
  for (let bin = 0; bin < binCount; bin++) {
    const segment = segmentAt(spec, ((bin + 0.5) * binM * segmentsM) / lengthM);
    curvature[bin] = segment.radiusM === undefined ? 0 : 1 / segment.radiusM;
    banking[bin] = (segment.bankingDeg * Math.PI) / 180;
  }
  const curvaturePerM = blended(curvature, Math.round(TRANSITION_M / binM));
  const bankingRad = blended(banking, Math.round(TRANSITION_M / binM));
  const lateralGripMps2 = bankingRad.map((angle) => {
    const slope = Math.tan(angle);
    return (GRAVITY_MPS2 * (slope + spec.calibration.grip)) / (1 - spec.calibration.grip * slope);
  });
  const limitMps = curvaturePerM.map((perM, bin) =>
    Math.min(SPEED_MAX_MPS, Math.sqrt((lateralGripMps2[bin] ?? 0) / Math.max(perM, 1e-9))),
  );
  limitByBraking(limitMps, binM, spec.calibration.brakeMps2);
  return { lengthM, binCount, binsPerM: 1 / binM, limitMps, curvaturePerM, lateralGripMps2, ...headings(curvature) };
}

function segmentAt(spec: TrackSpec, positionM: number): TrackSpec["segments"][number] {
  let endM = 0;
  for (const segment of spec.segments) {
    endM += segment.lengthM;
    if (positionM < endM) return segment;
  }
  const last = spec.segments.at(-1);
  assert(last !== undefined, `${spec.id} has no segments`);
  return last;
}

/** Weighted by a raised cosine over `width` bins, around the lap. */
function blended(values: Float64Array, width: number): Float64Array {
  const half = Math.max(1, Math.floor(width / 2));
  const result = new Float64Array(values.length);
  for (let bin = 0; bin < values.length; bin++) {
    let sum = 0;
    let weights = 0;
    for (let offset = -half; offset <= half; offset++) {
      const weight = 1 + Math.cos((Math.PI * offset) / (half + 1));
      sum += weight * (values[(bin + offset + values.length) % values.length] ?? 0);
      weights += weight;
    }
    result[bin] = sum / weights;
  }
  return result;
}

/** Two rounds backwards, so that the start of the lap knows the corner behind the line. */
function limitByBraking(limitMps: Float64Array, binM: number, brakeMps2: number): void {
  for (let index = 2 * limitMps.length; index > 0; index--) {
    const here = (index - 1) % limitMps.length;
    const next = limitMps[index % limitMps.length] ?? 0;
    limitMps[here] = Math.min(limitMps[here] ?? 0, Math.sqrt(next * next + 2 * brakeMps2 * binM));
  }
}

/** Directions scaled so that one lap is one full turn, whatever the effective radii add up to. */
function headings(curvature: Float64Array): { headingCos: Float64Array; headingSin: Float64Array } {
  const total = curvature.reduce((sum, perM) => sum + perM, 0);
  let turned = 0;
  const angle = curvature.map((perM) => {
    turned += perM;
    return (2 * Math.PI * turned) / total;
  });
  return { headingCos: angle.map(Math.cos), headingSin: angle.map(Math.sin) };
}
