import { pino } from "pino";
import { OperatingError } from "./operating-error.ts";

export type { Logger } from "pino";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** json: one object a line, for machines. lines: one readable line, for a terminal. */
export const LOG_FORMATS = ["json", "lines"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogOptions {
  /** Who speaks: "gateway". */
  readonly service: string;
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where lines go; stderr by default, so that stdout stays free for results. */
  readonly write?: (line: string) => void;
}

/** Fields whose values never reach a log. */
const SECRET_FIELDS = ["token", "password", "authorization", "cookie"];

/** A pino logger. `logger.warn({ car, reason }, "what happened")`; an error goes in as `err`, its causes are printed too. */
export function createLogger({ service, level, format, write = writeToStderr }: LogOptions): pino.Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "(hidden)" },
    },
    { write: format === "json" ? write : (json: string) => write(toReadableLine(json)) },
  );
}

function writeToStderr(line: string): void {
  process.stderr.write(line);
}

/** The sentence of an operating failure says all; anything else is worth its stack. */
function serializeError(error: unknown): unknown {
  if (error instanceof OperatingError) return { type: error.name, message: error.message };
  return error instanceof Error ? pino.stdSerializers.err(error) : error;
}

/** `14:03:22.120 WARN  gateway  a client is slow  client=7 waitMs=210` */
function toReadableLine(json: string): string {
  const { time, level, service, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const head = [String(time).slice(11, 23), String(level).toUpperCase().padEnd(5), service, msg ?? ""];
  return `${[...head, ...rest].join("  ").trimEnd()}${errorText(err)}\n`;
}

/** On lines of its own: the stack where there is one. */
function errorText(error: unknown): string {
  if (error === undefined) return "";
  if (typeof error !== "object" || error === null) return `\n  ${String(error)}`;
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  return `\n  ${String(stack ?? message ?? "").replaceAll("\n", "\n  ")}`;
}
