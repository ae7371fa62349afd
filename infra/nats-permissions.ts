import { readFileSync } from "node:fs";
import { z } from "zod";
import type { PerApp } from "./app-names.ts";

const subjects = z.array(z.string().min(1));
const appPermissions = z.strictObject({
  publish: z.strictObject({ allow: subjects, deny: subjects }),
  subscribe: z.strictObject({ allow: subjects }),
  allowResponses: z.boolean(),
  publishAsStreamOwner: subjects,
});
const fileSchema = z.object({
  apps: z.strictObject({
    ...{ ingest: appPermissions, processor: appPermissions, inference: appPermissions },
    ...{ gateway: appPermissions, operator: appPermissions },
  }),
});

/** Subjects with {race} and {upstream} in them, as charts/burnline/files/nats-permissions.json has them. */
export type PermissionsFile = z.output<typeof fileSchema>["apps"];

/** What a nats-server is told of one user. */
export interface UserPermissions {
  readonly publish: { readonly allow: readonly string[]; readonly deny?: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
  readonly allow_responses?: true;
}

export interface RacePermissions {
  readonly race: string;
  readonly streamOwner: "app" | "operator";
  /** As in the configuration; only nats:SUBJECT has a subject of its own. */
  readonly source: string;
}

export function readPermissionsFile(path: URL): PermissionsFile {
  return fileSchema.parse(JSON.parse(readFileSync(path, "utf8"))).apps;
}

const UPSTREAM = "{upstream}";

export function permissionsOf(file: PermissionsFile, options: RacePermissions): PerApp<UserPermissions> {
  const upstream = options.source.startsWith("nats:") ? options.source.slice("nats:".length) : undefined;
  const fill = (all: readonly string[]) =>
    all
      .filter((subject) => upstream !== undefined || !subject.includes(UPSTREAM))
      .map((subject) => subject.replaceAll("{race}", options.race).replaceAll(UPSTREAM, upstream ?? ""));
  const toUser = (app: keyof PermissionsFile): UserPermissions => {
    const { publish, subscribe, allowResponses, publishAsStreamOwner } = file[app];
    const deny = fill(publish.deny);
    const answers = allowResponses && (app !== "ingest" || upstream !== undefined);
    return {
      publish: {
        allow: fill([...publish.allow, ...(options.streamOwner === "app" ? publishAsStreamOwner : [])]),
        ...(deny.length === 0 ? {} : { deny }),
      },
      subscribe: { allow: fill(subscribe.allow) },
      ...(answers ? { allow_responses: true } : {}),
    };
  };
  return {
    ...{ ingest: toUser("ingest"), processor: toUser("processor"), inference: toUser("inference") },
    ...{ gateway: toUser("gateway"), operator: toUser("operator") },
  };
}
