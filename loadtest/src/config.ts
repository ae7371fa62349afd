import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { goFolders } from "@burnline/runtime";
import type { Profile } from "./profile.ts";
import { parseProfile } from "./profile-schema.ts";

const PROFILES = fileURLToPath(new URL("../profiles/", import.meta.url));
const SECONDS_MAX = 48 * 3_600;

export interface LoadConfig {
  readonly profile: Profile;
  /** Absent: a cluster of our own on this machine. */
  readonly target?: Target;
  /** Where the summary goes as JSON. */
  readonly jsonFile?: string;
  /** Writes k6's archive for k6-operator instead of running. */
  readonly archiveFile?: string;
  readonly processors: number;
}

export interface Target {
  readonly ingestUrl: string;
  readonly gatewayUrl: string;
  readonly token: string;
  /** Where the gateway asks for one. */
  readonly viewerToken: string;
}

export type LoadConfigOutcome =
  | { readonly type: "config"; readonly config: LoadConfig }
  | { readonly type: "answer" | "refused"; readonly text: string };

const OPTIONS = {
  ingest: { type: "string" },
  gateway: { type: "string" },
  token: { type: "string" },
  "viewer-token": { type: "string" },
  duration: { type: "string" },
  json: { type: "string" },
  archive: { type: "string" },
  processors: { type: "string", default: "2" },
  help: { type: "boolean", default: false },
} as const;

/** The only reader of the environment in this package. */
export function loadConfig(argv: readonly string[]): LoadConfigOutcome {
  const names = profileNames();
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return refused(`${error instanceof Error ? error.message : error} See npm run load -- --help.`);
  }
  const { values, positionals } = parsed;
  const [name] = positionals;
  if (values.help || name === undefined) return { type: "answer", text: helpText(names) };
  if (!names.includes(name)) return refused(`There is no profile ${name}: choose one of ${names.join(", ")}.`);
  const seconds = values.duration === undefined ? undefined : secondsOf(values.duration);
  if (values.duration !== undefined && seconds === undefined) {
    return refused(`The flag --duration is ${values.duration}; write 40s, 10m or 4h, up to 48h.`);
  }
  if ((values.ingest === undefined) !== (values.gateway === undefined)) {
    return refused("Give both --ingest and --gateway, or neither: then a cluster is started here.");
  }
  const processors = Number(values.processors);
  if (!(Number.isInteger(processors) && processors >= 1 && processors <= 64)) {
    return refused(`The flag --processors is ${values.processors}; it must be a whole number from 1 to 64.`);
  }
  const written = parseProfile(readFileSync(join(PROFILES, `${name}.json`), "utf8"));
  if (!written.ok) return refused(`${name}.json: ${written.error}`);
  const token = values.token ?? process.env.BURNLINE_TOKEN ?? "";
  const viewerToken = values["viewer-token"] ?? process.env.BURNLINE_VIEWER_TOKEN ?? "";
  const { ingest, gateway, json, archive } = values;
  return {
    type: "config",
    config: {
      profile: seconds === undefined ? written.value : { ...written.value, seconds },
      processors,
      ...(ingest === undefined || gateway === undefined
        ? {}
        : { target: { ingestUrl: ingest, gatewayUrl: gateway, token, viewerToken } }),
      ...(json === undefined ? {} : { jsonFile: json }),
      ...(archive === undefined ? {} : { archiveFile: archive }),
    },
  };
}

export function profileNames(): readonly string[] {
  return readdirSync(PROFILES).flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : []));
}

/** Where k6 may be: what is on the PATH comes first. */
export function k6Folders(): readonly string[] {
  const { PATH = "", GOPATH } = process.env;
  return [...PATH.split(delimiter), ...goFolders(GOPATH, homedir()), join(homedir(), ".cache/burnline-tools/bin")];
}

/** What k6 inherits: the token goes this way, because a command line is for everybody to see. */
export function k6Environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, K6_AUTO_EXTENSION_RESOLUTION: "false", K6_NO_USAGE_REPORT: "true", ...more };
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
}

/** "90", "90s", "10m" or "4h". */
function secondsOf(text: string): number | undefined {
  const [, digits = "", unit = "s"] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  const seconds = Number(digits) * ({ s: 1, m: 60, h: 3_600 }[unit] ?? 1);
  return seconds >= 1 && seconds <= SECONDS_MAX ? seconds : undefined;
}

function refused(text: string): LoadConfigOutcome {
  return { type: "refused", text };
}

function helpText(names: readonly string[]): string {
  return [
    "burnline load: a race by k6 with thresholds on what its clients see",
    "",
    "Usage: npm run load -- PROFILE [flags]",
    "",
    `  profiles       ${names.join(", ")}`,
    "  --ingest URL   where frames are pushed, such as http://127.0.0.1:8082",
    "  --gateway URL  where clients connect, such as http://127.0.0.1:8080; without both a cluster is started here",
    "  --token TEXT   of the ingest; better: the environment variable BURNLINE_TOKEN",
    "  --viewer-token TEXT  where the gateway asks for one; better: BURNLINE_VIEWER_TOKEN",
    "  --duration D   how long clients look after the warm-up, such as 40s, 10m or 4h; default: the profile's",
    "  --processors N of the cluster that is started here [2]",
    "  --json FILE    the summary as one JSON object",
    "  --archive FILE write what k6-operator runs (loadtest/k8s) instead of running",
    "",
    "The exit code is 0 if all thresholds held, 1 if not or if the run failed, 2 for a mistake in the command.",
  ].join("\n");
}
