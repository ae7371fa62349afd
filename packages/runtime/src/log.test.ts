import { expect, test } from "vitest";
import { createLogger, type LogFormat, type LogLevel } from "./log.ts";
import { StorageError } from "./storage-error.ts";

function lines(format: LogFormat, level: LogLevel = "info") {
  const written: string[] = [];
  const logger = createLogger({ service: "gateway", level, format, write: (line) => written.push(line) });
  return { logger, written };
}

test("for machines a line is one JSON object with time, level, service, message and fields", () => {
  const { logger, written } = lines("json");
  logger.warn({ client: 7 }, "a client is slow");
  const { time, ...rest } = JSON.parse(written[0]!);
  expect(rest).toEqual({ level: "warn", service: "gateway", client: 7, msg: "a client is slow" });
  expect(new Date(time).toISOString()).toBe(time);
});

test("for people a line is short and carries the fields", () => {
  const { logger, written } = lines("lines");
  logger.warn({ client: 7, why: { queue: 3 }, path: "/x" }, "a client is slow");
  logger.info("plain");
  expect(written[0]).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} {2}WARN {3}gateway {2}a client is slow {2}client=7 {2}why=\{"queue":3\} {2}path=\/x\n$/,
  );
  expect(written[1]).toMatch(/^\S+ {2}INFO {3}gateway {2}plain\n$/);
});

test("what lies below the level is not written", () => {
  const { logger, written } = lines("json", "warn");
  logger.info("quiet");
  expect(written).toEqual([]);
});

test.each(["json", "lines"] as const)("a secret never reaches a log (%s)", (format) => {
  const { logger, written } = lines(format);
  logger.info({ token: "hunter2", headers: { authorization: "hunter2" } }, "request");
  expect(written.join()).not.toContain("hunter2");
  expect(written.join()).toContain("(hidden)");
});

test("an error shows its stack and its cause, an operating failure only its sentence", () => {
  const { logger, written } = lines("lines");
  logger.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
  logger.error({ err: new StorageError("full", "There is no room left.") }, "failed");
  logger.error({ err: "just a text" }, "failed");
  expect(written[0]).toContain("outer");
  expect(written[0]).toContain("inner");
  expect(written[0]).toContain("log.test.ts");
  expect(written[1]).toMatch(/failed\n {2}There is no room left\.\n$/);
  expect(written[2]).toMatch(/failed\n {2}just a text\n$/);
});
