import type { MlCorrection } from "@burnline/contract";
import type { Clock } from "@burnline/std";
import { Breaker } from "./breaker.ts";
import { toCorrection } from "./correction.ts";
import { type DeclineReason, declineReason } from "./gate.ts";
import type { InferenceCounts } from "./inference-metrics.ts";
import { QUANTILES, type ResidualModel } from "./residual-model.ts";
import type { WindowRequest } from "./window-request.ts";

/** What became of one window. "failed": the model was asked and could not answer; physics stands. */
export type Outcome = "corrected" | "failed" | DeclineReason;

export interface ForecasterOptions {
  readonly model: ResidualModel | undefined;
  readonly clock: Clock;
  readonly counts: InferenceCounts;
  /** The car's profile by the race definition, undefined before one was seen. */
  readonly carProfileOf: (car: string) => string | undefined;
  readonly onModelError: (error: Error) => void;
  readonly breaker?: Breaker;
}

/** Turns a batch of windows into corrections. Never rejects: whatever goes wrong with the model means physics. */
export class Forecaster {
  readonly #options: ForecasterOptions;
  readonly #breaker: Breaker;

  constructor(options: ForecasterOptions) {
    this.#options = options;
    this.#breaker = options.breaker ?? new Breaker();
  }

  async forecast(batch: readonly WindowRequest[]): Promise<MlCorrection[]> {
    const { model } = this.#options;
    if (model === undefined) return this.#decline(batch.length, "no-model");
    const accepted = this.#pass(model, batch);
    if (accepted.length === 0) return [];
    if (!this.#breaker.allows(this.#options.clock.nowMs())) return this.#decline(accepted.length, "breaker-open");
    return this.#ask(model, accepted);
  }

  #pass(model: ResidualModel, batch: readonly WindowRequest[]): WindowRequest[] {
    return batch.filter((request) => {
      const reason = declineReason(model.schema, request, this.#options.carProfileOf(request.car));
      if (reason !== undefined) this.#options.counts.countWindows(reason, 1);
      return reason === undefined;
    });
  }

  async #ask(model: ResidualModel, accepted: readonly WindowRequest[]): Promise<MlCorrection[]> {
    const { counts } = this.#options;
    const columns = model.schema.features.length;
    const features = new Float32Array(accepted.length * columns);
    for (const [row, request] of accepted.entries()) features.set(request.window.features, row * columns);
    try {
      const answers = await counts.timeRun(accepted.length, () => model.predict(features, accepted.length));
      const corrections = toCorrections(accepted, answers, model.schema.version);
      this.#breaker.succeeded();
      counts.countWindows("corrected", corrections.length);
      return corrections;
    } catch (cause) {
      // Decided here and not further up: a model that fails costs its corrections and nothing else.
      this.#breaker.failed(this.#options.clock.nowMs());
      this.#options.onModelError(cause instanceof Error ? cause : new Error("the model failed", { cause }));
      return this.#decline(accepted.length, "failed");
    }
  }

  #decline(count: number, outcome: Outcome): MlCorrection[] {
    this.#options.counts.countWindows(outcome, count);
    return [];
  }
}

function toCorrections(
  accepted: readonly WindowRequest[],
  answers: Float32Array,
  modelVersion: string,
): MlCorrection[] {
  return accepted.map((request, row) => {
    const at = (column: number) => answers[row * QUANTILES + column] ?? Number.NaN;
    const correction = toCorrection(request, [at(0), at(1), at(2)], modelVersion);
    if (correction === undefined) throw new Error("the model answered with something that is not a number");
    return correction;
  });
}
