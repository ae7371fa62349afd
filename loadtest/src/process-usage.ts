import { readFileSync } from "node:fs";
import type { ProcessUsage } from "./load-summary.ts";

/** Kernel's unit of CPU time in /proc on every Linux. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;
const POLL_MS = 500;

interface Watched {
  readonly name: string;
  readonly cpuSecondsBefore: number;
  cpuSeconds: number;
  residentBytesMax: number;
}

/** Looks at processes of this machine twice a second, so that one that has ended is still known. Sees nothing but on Linux. */
export class UsageWatch {
  readonly #watched = new Map<number, Watched>();
  readonly #startMs = performance.now();
  readonly #timer = setInterval(() => this.#look(), POLL_MS);

  add(name: string, pid: number): void {
    const now = usageOf(pid);
    if (now === undefined) return;
    const { cpuSeconds, residentBytes } = now;
    this.#watched.set(pid, { name, cpuSecondsBefore: cpuSeconds, cpuSeconds, residentBytesMax: residentBytes });
  }

  end(): readonly ProcessUsage[] {
    this.#look();
    clearInterval(this.#timer);
    const seconds = (performance.now() - this.#startMs) / 1_000;
    return [...this.#watched.values()].map(({ name, cpuSecondsBefore, cpuSeconds, residentBytesMax }) => ({
      name,
      cores: Math.round((100 * (cpuSeconds - cpuSecondsBefore)) / seconds) / 100,
      residentMbMax: Math.round(residentBytesMax / 1e6),
    }));
  }

  #look(): void {
    for (const [pid, watched] of this.#watched) {
      const now = usageOf(pid);
      if (now === undefined) continue;
      watched.cpuSeconds = now.cpuSeconds;
      watched.residentBytesMax = Math.max(watched.residentBytesMax, now.residentBytes);
    }
  }
}

function usageOf(pid: number): { readonly cpuSeconds: number; readonly residentBytes: number } | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // Ended, or no Linux.
    return undefined;
  }
}

/** The line of /proc/PID/stat; the program's name may hold blanks and brackets, and ends with the last bracket. */
export function parseStat(text: string): { readonly cpuSeconds: number; readonly residentBytes: number } {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const at = (index: number) => Number(fields[index] ?? 0);
  return { cpuSeconds: (at(11) + at(12)) / TICKS_PER_SECOND, residentBytes: at(21) * PAGE_BYTES };
}

export function usageText(processes: readonly ProcessUsage[]): string {
  const all = processes.reduce((sum, { cores }) => sum + cores, 0);
  const parts = processes.map(({ name, cores, residentMbMax }) => `${name} ${cores.toFixed(2)} (${residentMbMax} MB)`);
  return `  cores (memory)       ${parts.join(", ")}; together ${all.toFixed(2)}\n`;
}
