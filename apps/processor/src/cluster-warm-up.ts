import {
  create,
  FRAME_SCHEMA_VERSION,
  partitionOf,
  subjects,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import { MemoryEventLog, MemoryLiveChannel, MemorySnapshotStore, MemoryStateStore } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import { type LogAppend, PartitionRunner, RUNNER_DEFAULTS } from "@burnline/stream";
import { factLogSink } from "./fact-log-sink.ts";
import { RaceTopology } from "./topology.ts";

/** Enough for several laps, stops of the compiler included; takes about 0.2 s. */
const SECONDS = 240;
const FRAMES_PER_S = 10;
const SAMPLES_PER_FRAME = 12;
const LAP_S = 30;
const SPEED_MM_PER_S = 70_000;
const RACE = "warm-up";
const CAR = "0";
const START_MS = 1_700_000_000_000;
const RECORDS_PER_STEP = 50;

/**
 * Runs everything that a processor does with a partition once, with a car that does not exist, on ports in memory: the
 * code is then compiled, and taking over a real partition does not wait for that.
 */
export async function warmUp(): Promise<void> {
  const clock = new StepClock(START_MS);
  const raceLog = new MemoryEventLog(clock);
  const ports = {
    ...{ log: raceLog, clock, live: new MemoryLiveChannel(), snapshots: new MemorySnapshotStore() },
    ...{ state: new MemoryStateStore(clock), sink: factLogSink(new MemoryEventLog(clock)) },
  };
  const partition = partitionOf(CAR);
  const options = { ...RUNNER_DEFAULTS, partition, ownerId: RACE, recordsPerCommitMax: RECORDS_PER_STEP };
  // Twice: the second run recovers from what the first one committed.
  for (let from = 0; from < SECONDS; from += SECONDS / 2) {
    await raceLog.append(warmUpRecords(partition, from, from + SECONDS / 2));
    const runner = await PartitionRunner.acquire(ports, options, new RaceTopology(RACE, partition));
    while ((await runner?.step(0)) === "progress") clock.advance(1_000);
    await runner?.release();
  }
}

function warmUpRecords(partition: number, fromS: number, toS: number): LogAppend[] {
  const records: LogAppend[] = [];
  for (let second = fromS; second < toS; second++) {
    const tick = create(TickSchema, { eventTimeMs: START_MS + second * 1_000 });
    records.push({ partition, subject: subjects.tick(RACE, partition), payload: toBinary(TickSchema, tick) });
    for (let index = 0; index < FRAMES_PER_S; index++) {
      const payload = toBinary(TelemetryFrameSchema, warmUpFrame(second * FRAMES_PER_S + index));
      records.push({ partition, subject: subjects.telemetry(RACE, partition, CAR), payload });
    }
  }
  return records;
}

function warmUpFrame(sourceSequence: number) {
  const column = (value: (index: number) => number) => Array.from({ length: SAMPLES_PER_FRAME }, (_, at) => value(at));
  const lapShare = (sourceSequence % (LAP_S * FRAMES_PER_S)) / (LAP_S * FRAMES_PER_S);
  return create(TelemetryFrameSchema, {
    ...{ schemaVersion: FRAME_SCHEMA_VERSION, car: CAR, sourceSequence },
    eventTimeMs: START_MS + (sourceSequence * 1_000) / FRAMES_PER_S,
    ...{ sampleRateHz: SAMPLES_PER_FRAME * FRAMES_PER_S, sourceRateHz: SAMPLES_PER_FRAME * FRAMES_PER_S },
    offsetMs: column((at) => Math.floor((at * 1_000) / (SAMPLES_PER_FRAME * FRAMES_PER_S))),
    throttleBasisPoints: column((at) => (lapShare < 0.3 ? 0 : 8_000 + at)),
    rpmTenths: column((at) => 80_000 + at),
    speedMmPerS: column(() => SPEED_MM_PER_S),
    lapPositionPpm: column(() => Math.floor(lapShare * 1_000_000)),
    lapNumber: column(() => 1 + Math.floor(sourceSequence / (LAP_S * FRAMES_PER_S))),
  });
}
