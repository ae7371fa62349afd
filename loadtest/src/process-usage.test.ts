import { expect, test } from "vitest";
import { parseStat, UsageWatch, usageText } from "./process-usage.ts";

const LINE =
  "26465 (nats (a b)) S 26400 1 1 0 -1 4194560 2531 0 3 0 250 150 0 0 20 0 9 0 1381 1296556032 8192 18446744073709551615";

test("a process is known by its CPU time and memory, whatever its name", () => {
  expect(parseStat(LINE)).toEqual({ cpuSeconds: 4, residentBytes: 8192 * 4096 });
});

test("a process that never was is left out, this one is seen", () => {
  const watch = new UsageWatch();
  watch.add("nobody", 2 ** 30);
  watch.add("we", process.pid);
  const usage = watch.end();
  expect(usage.map(({ name }) => name)).toEqual(process.platform === "linux" ? ["we"] : []);
  for (const { residentMbMax } of usage) expect(residentMbMax).toBeGreaterThan(10);
});

test("cores are told for each process and together", () => {
  const usage = [
    { name: "ingest", cores: 0.25, residentMbMax: 90 },
    { name: "gateway", cores: 0.5, residentMbMax: 80 },
  ];
  expect(usageText(usage)).toContain("ingest 0.25 (90 MB), gateway 0.50 (80 MB); together 0.75");
});
