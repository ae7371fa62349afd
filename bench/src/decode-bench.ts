import { decodeFrame, frameFault, fromBinary, TelemetryFrameSchema } from "@burnline/contract";
import { createSimSource, HeadlessIngest } from "@burnline/ingest";

export interface DecodeBenchResult {
  readonly name: "decode";
  readonly frames: number;
  /** Medians over the runs; both ways check what they decoded. */
  readonly framesPerSecond: number;
  readonly generalFramesPerSecond: number;
  /** How many times as fast decodeFrame is as the general decoder with the same checks. */
  readonly ratio: number;
}

export const DECODE_DEFAULTS = { frames: 100_000, runs: 9 } as const;

/** Frames of a simulated race through the product's decoder and through that of protobuf-es, alternating. */
export async function decodeBench(options: { frames: number; runs: number }): Promise<DecodeBenchResult> {
  const payloads = await framesOfRace(options.frames);
  const [ours, general]: [number[], number[]] = [[], []];
  // The first round only warms up.
  for (let run = 0; run <= options.runs; run++) {
    const [oursS, generalS] = [timed(payloads, decodes), timed(payloads, decodesInGeneral)];
    if (run === 0) continue;
    ours.push(oursS);
    general.push(generalS);
  }
  const [oursS, generalS] = [median(ours), median(general)];
  return {
    name: "decode",
    frames: payloads.length,
    framesPerSecond: Math.round(payloads.length / oursS),
    generalFramesPerSecond: Math.round(payloads.length / generalS),
    ratio: Number((generalS / oursS).toFixed(2)),
  };
}

async function framesOfRace(count: number): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  const ingest = new HeadlessIngest(createSimSource({ sampleRateHz: 120 }));
  for await (const appends of ingest.appends()) {
    for (const { subject, payload } of appends) if (subject.includes(".tel.")) payloads.push(payload);
    if (payloads.length >= count) break;
  }
  return payloads.slice(0, count);
}

function timed(payloads: readonly Uint8Array[], isSound: (payload: Uint8Array) => boolean): number {
  const startMs = performance.now();
  let sound = 0;
  for (const payload of payloads) if (isSound(payload)) sound++;
  const seconds = (performance.now() - startMs) / 1_000;
  if (sound !== payloads.length) throw new Error(`${payloads.length - sound} frames were refused`);
  return seconds;
}

function decodes(payload: Uint8Array): boolean {
  return decodeFrame(payload).ok;
}

function decodesInGeneral(payload: Uint8Array): boolean {
  return frameFault(fromBinary(TelemetryFrameSchema, payload)) === undefined;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
