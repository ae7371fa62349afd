import { type AlertFact, AlertFactSchema, create } from "@burnline/contract";

/** Situations worth telling, said once when they begin and taken back when they are over. */
type AlertKind = "saving" | "fuel-low" | "data-gap";

export interface AlertState {
  kind: AlertKind;
  isActive: boolean;
  revision: number;
  sinceLapNumber: number;
  text: string;
}

const SEVERITY: Readonly<Record<AlertKind, "info" | "warning">> = {
  saving: "info",
  "fuel-low": "warning",
  "data-gap": "warning",
};

interface AlertChange {
  readonly key: string;
  readonly revision: number;
  readonly body: AlertFact;
}

/** One car's alerts: at most one of a kind. */
export class AlertBook {
  readonly #car: string;
  readonly #states: AlertState[];

  constructor(car: string, states: readonly AlertState[] = []) {
    this.#car = car;
    this.#states = states.map((state) => ({ ...state }));
  }

  snapshot(): AlertState[] {
    return this.#states.map((state) => ({ ...state }));
  }

  isActive(kind: AlertKind): boolean {
    return this.#states.some((state) => state.kind === kind && state.isActive);
  }

  /** What to say, if anything changed. A running alert is not said again. */
  set(kind: AlertKind, isActive: boolean, lapNumber: number, text: string): AlertChange | undefined {
    let state = this.#states.find((known) => known.kind === kind);
    if (state === undefined) {
      if (!isActive) return undefined;
      state = { kind, isActive: false, revision: -1, sinceLapNumber: 0, text: "" };
      this.#states.push(state);
    }
    if (state.isActive === isActive) return undefined;
    state.isActive = isActive;
    state.revision++;
    if (isActive) state.sinceLapNumber = lapNumber;
    state.text = text;
    const key = `${kind}:${this.#car}`;
    return {
      key,
      revision: state.revision,
      body: create(AlertFactSchema, {
        key,
        kind,
        severity: SEVERITY[kind],
        active: isActive,
        text,
        sinceLapNumber: state.sinceLapNumber,
      }),
    };
  }
}
