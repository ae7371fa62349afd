import type { Operator, OperatorOutput } from "../operator.ts";
import type { LogRecord } from "../ports.ts";

/** The entry that is there after a gap. */
const DEGRADED = "~degraded";

/** Counts and sums the payload bytes per subject; emits each new sum. Small enough to know the right answer by heart. */
export class CountingOperator implements Operator {
  readonly schemaVersion: number;
  readonly sums = new Map<string, number>();
  readonly gaps: string[] = [];
  isDegraded = false;
  readonly #changed = new Set<string>();

  constructor(schemaVersion = 1) {
    this.schemaVersion = schemaVersion;
  }

  process({ subject, payload, position }: LogRecord, output: OperatorOutput): void {
    const sum = (this.sums.get(subject) ?? 0) + (payload[0] ?? 0);
    this.sums.set(subject, sum);
    this.#changed.add(subject);
    output.emit({ id: `sum:${subject}:${position}`, subject: `fact.${subject}`, payload: bytesOf(sum) });
    output.live(`live.${subject}`, () => bytesOf(sum));
  }

  onDataGap(firstMissing: number, firstPresent: number, output: OperatorOutput): void {
    this.gaps.push(`${firstMissing}-${firstPresent}`);
    this.isDegraded = true;
    this.#changed.add(DEGRADED);
    output.emit({ id: `gap:${firstMissing}`, subject: "fact.gap", payload: bytesOf(firstPresent) });
  }

  takeChanges(): Map<string, Uint8Array | null> {
    const changes = new Map([...this.#changed].map((key) => [key, bytesOf(this.sums.get(key) ?? 0)]));
    this.#changed.clear();
    return changes;
  }

  restore(entries: ReadonlyMap<string, Uint8Array>): void {
    for (const [key, bytes] of entries) {
      if (key === DEGRADED) this.isDegraded = true;
      else this.sums.set(key, Number(String.fromCharCode(...bytes)));
    }
  }
}

function bytesOf(sum: number): Uint8Array {
  return Uint8Array.from(String(sum), (digit) => digit.charCodeAt(0));
}
