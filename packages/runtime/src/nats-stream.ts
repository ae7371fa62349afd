import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { Logger } from "./log.ts";
import { guardNats, natsFault, STREAM_NOT_FOUND } from "./nats-error.ts";

export interface NatsStreamOptions {
  /** Letters, digits, - and _. */
  readonly name: string;
  /** Copies over the servers of the cluster: 1, 3 or 5. */
  readonly replicas: number;
  /** Records older than this are forgotten. */
  readonly maxAgeMs: number;
  /** The stream takes at most this much disk; at the limit `discard` says what happens. */
  readonly maxBytes: number;
  /** "new": further records are refused, as StorageError "full". "old": the oldest are forgotten, readers see a gap. */
  readonly discard: "new" | "old";
  /** How long the stream knows a message id. */
  readonly duplicateWindowMs: number;
  /** Records larger than this, headers included, are refused for good. */
  readonly maxRecordBytes?: number;
  /** What happens to a stream that is there with other limits, "apply" by default. */
  readonly policy?: StreamPolicy;
}

/**
 * apply: it gets what is asked. grow: it gets more of what is asked, never less, and anything else that differs is refused.
 * take: somebody else makes it; it is waited for and taken as it is.
 */
export type StreamPolicy = "apply" | "grow" | "take";

/** The settings we ask for, and so those that the answer must show. */
type AskedConfig = Pick<
  StreamConfig,
  | "name"
  | "subjects"
  | "retention"
  | "storage"
  | "num_replicas"
  | "max_age"
  | "max_bytes"
  | "max_msg_size"
  | "discard"
  | "duplicate_window"
  | "allow_direct"
>;

/** A stream that differs in one of these holds something else, or cannot be changed in flight. */
const FIXED: readonly (keyof AskedConfig)[] = ["subjects", "retention", "storage"];
/** More of these takes nothing from anybody. A stream without a limit has the most: it says so with 0 or -1. */
const GROWING = ["max_bytes", "max_age", "num_replicas", "duplicate_window"] as const;

/**
 * Makes the stream, or brings its limits to what is asked. What the server then says of it must be what was asked: a
 * setting that it ignored, and a stream of the same name with another purpose, are refusals that name the setting.
 */
export async function ensureStream(
  manager: JetStreamManager,
  subjects: readonly string[],
  options: NatsStreamOptions,
  logger?: Pick<Logger, "info" | "warn">,
): Promise<void> {
  const what = `stream ${options.name}`;
  const held = await guardNats(what, () => findStream(manager, options.name));
  const growsFrom = options.policy === "grow" ? held : undefined;
  const asked = grown(toConfig(subjects, options), growsFrom);
  if (held === undefined) {
    const made = await guardNats(what, () => manager.streams.add(asked));
    requireEcho(asked, made.config);
    logger?.info({ stream: options.name, subjects, replicas: options.replicas }, "made a stream");
    return;
  }
  const differing = differences(asked, held);
  if (differing.length === 0) return;
  const mayChange: readonly string[] = GROWING;
  const fixed = differing.find(({ setting }) =>
    options.policy === "grow" ? !mayChange.includes(setting) : FIXED.includes(setting),
  );
  if (fixed !== undefined) {
    const { setting, wanted, got } = fixed;
    throw natsFault(
      "unusable",
      what,
      `it exists with ${setting} ${got} instead of ${wanted}: remove it, or choose another race by --race`,
    );
  }
  const { name: _, retention: __, storage: ___, ...changes } = asked;
  const updated = await guardNats(what, () => manager.streams.update(options.name, changes));
  requireEcho(asked, updated.config);
  logger?.warn({ stream: options.name, changes: differing.map(toText) }, "changed the settings of a stream");
}

function grown(asked: AskedConfig, held: StreamConfig | undefined): AskedConfig {
  if (held === undefined) return asked;
  const larger = (setting: (typeof GROWING)[number]) =>
    held[setting] <= 0 ? held[setting] : Math.max(held[setting], asked[setting]);
  return { ...asked, ...Object.fromEntries(GROWING.map((setting) => [setting, larger(setting)])) };
}

export async function findStream(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

function toConfig(subjects: readonly string[], options: NatsStreamOptions): AskedConfig {
  return {
    name: options.name,
    subjects: [...subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: options.replicas,
    max_age: nanos(options.maxAgeMs),
    max_bytes: options.maxBytes,
    max_msg_size: options.maxRecordBytes ?? -1,
    discard: options.discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old,
    duplicate_window: nanos(options.duplicateWindowMs),
    allow_direct: true,
  };
}

export interface Difference {
  readonly setting: keyof AskedConfig;
  readonly wanted: string;
  readonly got: string;
}

/** Settings of the answer that are not what was asked. */
export function differences(asked: AskedConfig, echoed: Partial<StreamConfig>): readonly Difference[] {
  return (Object.keys(asked) as (keyof AskedConfig)[])
    .map((setting) => ({ setting, wanted: plain(asked[setting]), got: plain(echoed[setting]) }))
    .filter(({ wanted, got }) => wanted !== got);
}

function requireEcho(asked: AskedConfig, echoed: Partial<StreamConfig>): void {
  const ignored = differences(asked, echoed);
  if (ignored.length === 0) return;
  throw natsFault(
    "unusable",
    `stream ${asked.name}`,
    `the server ignored what was asked: ${ignored.map(toText).join("; ")}`,
  );
}

function toText({ setting, wanted, got }: Difference): string {
  return `${setting} is ${got}, not ${wanted}`;
}

function plain(value: unknown): string {
  return value === undefined ? "missing" : Array.isArray(value) ? value.toSorted().join(" ") : String(value);
}
