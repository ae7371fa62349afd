import { type BurnWindow, type Fact, FactSchema, fromBinary, type LapFact, parseFactSubject } from "@burnline/contract";
import { RaceView } from "@burnline/gateway";
import { MODEL_SHARE_MAX } from "@burnline/processor";
import { assert } from "@burnline/std";
import type { EventLog } from "@burnline/stream";

const READ_RECORDS = 512;

export interface WindowSums {
  windows: number;
  samples: number;
  burnUg: number;
}

/** Reads the fact log as the gateway does, and checks every fact on its way into a view. */
export class FactAudit {
  readonly view: RaceView;
  readonly #factLog: EventLog;
  readonly #windows = new Map<string, { revision: number; window: BurnWindow }>();
  readonly #laps = new Map<string, { revision: number; final: boolean; lap: LapFact }>();
  #after = 0;
  facts = 0;

  constructor(race: string, factLog: EventLog) {
    this.view = new RaceView(race);
    this.#factLog = factLog;
  }

  async readAll(): Promise<void> {
    const reader = await this.#factLog.open({ after: this.#after });
    for (;;) {
      const records = await reader.next(READ_RECORDS, 0);
      if (records.length === 0) break;
      for (const { position, subject, payload } of records) {
        this.#after = position;
        if (parseFactSubject(subject) === undefined) continue;
        this.facts++;
        this.#check(fromBinary(FactSchema, payload));
      }
    }
    await reader.close();
    this.view.seal(undefined);
  }

  /** Sums over the last revision of each window, by car. */
  windowSums(): Map<string, WindowSums> {
    const sums = new Map<string, WindowSums>();
    for (const [key, { window }] of this.#windows) {
      const car = key.slice(0, key.indexOf(":"));
      const sum = sums.get(car) ?? { windows: 0, samples: 0, burnUg: 0 };
      sum.windows++;
      sum.samples += window.samples;
      sum.burnUg += window.burnUg;
      sums.set(car, sum);
    }
    return sums;
  }

  #check(fact: Fact): void {
    checkProvenance(fact);
    checkFinite(fact.id, fact.body.value);
    // The view asserts I9 itself.
    this.view.applyFact(fact);
    const { body, car, revision } = fact;
    if (body.case === "burnWindow") {
      const key = `${car}:${body.value.startMs}`;
      const former = this.#windows.get(key);
      if (former === undefined || revision > former.revision) this.#windows.set(key, { revision, window: body.value });
    }
    if (body.case === "lap") {
      const key = `${car}:${fact.id.slice(0, fact.id.lastIndexOf(":"))}`;
      const former = this.#laps.get(key);
      assert(
        former === undefined || !former.final || revision <= former.revision,
        `${fact.id} came after the lap was final`,
      );
      if (former === undefined || revision > former.revision) {
        this.#laps.set(key, { revision, final: fact.final, lap: body.value });
      }
      const { split, physicsUg } = body.value;
      const splitUg =
        (split?.greenUg ?? 0) + (split?.cautionUg ?? 0) + (split?.restartUg ?? 0) + (split?.pitRoadUg ?? 0);
      assert(splitUg === physicsUg, `I3: ${fact.id} is not the sum of its parts`);
    }
  }
}

/** I10: every estimate names the model that made it, or says physics. */
function checkProvenance({ id, provenance }: Fact): void {
  assert(provenance !== undefined, `I10: ${id} has no provenance`);
  const { source, modelShare, modelVersion, physicsVersion } = provenance;
  assert(physicsVersion !== "", `I10: ${id} does not name its physics`);
  assert(
    source === (modelShare > 0 ? "physics+ml" : "physics"),
    `I10: ${id} says ${source} with a share of ${modelShare}`,
  );
  assert((modelVersion !== "") === modelShare > 0, `I10: ${id} has a share of ${modelShare} by "${modelVersion}"`);
  assert(modelShare >= 0 && modelShare <= MODEL_SHARE_MAX, `I10: ${id} lets the model count for ${modelShare}`);
}

/** No NaN and no infinity ever leaves. */
function checkFinite(id: string, value: unknown): void {
  if (typeof value === "number") assert(Number.isFinite(value), `${id} holds ${value}`);
  else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) checkFinite(id, part);
}
