import { readFileSync } from "node:fs";

/** What /proc counts in; USER_HZ of every Linux that Node runs on. */
const TICKS_PER_S = 100;
/** Fields of /proc/<pid>/stat behind the program's name, which ends with the last ")". */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
/** Fields of the line "cpu" in /proc/stat that are not work: idle, iowait; guest times are in user time already. */
const IDLE_FIELDS = new Set([3, 4, 8, 9]);

/** User and system time of a running process with all its threads, in seconds. */
export function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) / TICKS_PER_S;
}

/** Work of all processes of this machine since it started, in CPU-seconds. */
export function machineCpuSeconds(): number {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const ticks = line.split(/ +/).slice(1).map(Number);
  return ticks.reduce((sum, value, field) => (IDLE_FIELDS.has(field) ? sum : sum + value), 0) / TICKS_PER_S;
}
