/** One line per step, with what was measured: the test's answer to "how well". */
export class Figures {
  readonly #write: (line: string) => void;
  readonly #startMs: number;

  constructor(write: (line: string) => void, nowMs: () => number = () => performance.now()) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  readonly #nowMs: () => number;

  say(step: string, figure: string): void {
    const seconds = Math.round((this.#nowMs() - this.#startMs) / 1_000);
    this.#write(`${String(seconds).padStart(4)} s  ${step.padEnd(34)} ${figure}\n`);
  }
}

export function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
