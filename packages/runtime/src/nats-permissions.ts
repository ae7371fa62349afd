/** The apps that have a user of their own at NATS. */
export const NATS_APPS = ["ingest", "processor", "inference", "gateway", "operator"] as const;
export type NatsApp = (typeof NATS_APPS)[number];

/** What one user may do, as a nats-server is told: everything else is refused. */
export interface NatsPermissions {
  readonly publish: { readonly allow: readonly string[]; readonly deny: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
  /** May answer whoever asks it, wherever the answer has to go. */
  readonly allowResponses: boolean;
}

export interface NatsPermissionOptions {
  readonly race: string;
  /** "app": the apps of the race make its streams and buckets themselves, and so may make and change them. */
  readonly streamOwner: "app" | "operator";
  /** The subject of `--source nats:SUBJECT`, below which ingest hears frames and events. */
  readonly upstream?: string;
}

/**
 * Answers go to inboxes below a prefix of the app's own. Below the usual `_INBOX` every user that may read its own
 * answers may read those of all others.
 */
export function natsInboxPrefix(app: string): string {
  return `_INBOX_${app}`;
}

/** Exactly what an app needs for one race. The operator's are for all races. */
export function natsPermissions(app: NatsApp, options: NatsPermissionOptions): NatsPermissions {
  const { streamOwner } = options;
  const { publish, streams, deny = [], subscribe = [], allowResponses = false } = NEEDS[app](options);
  const api = streams.flatMap(({ name, rights, makes }) => [
    `$JS.API.STREAM.INFO.${name}`,
    ...rights.flatMap((right) => RIGHTS[right](name)),
    ...(makes && streamOwner === "app" ? RIGHTS.make(name) : []),
  ]);
  return {
    publish: { allow: [...publish, "$JS.API.INFO", ...api], deny },
    subscribe: { allow: [...subscribe, `${natsInboxPrefix(app)}.>`] },
    allowResponses,
  };
}

type Right = "make" | "read" | "purge" | "remove" | "backUp";

interface StreamNeed {
  readonly name: string;
  readonly rights: readonly Right[];
  /** Makes it, when the apps own the streams. */
  readonly makes: boolean;
}

interface Needs {
  readonly publish: readonly string[];
  readonly streams: readonly StreamNeed[];
  readonly deny?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly allowResponses?: boolean;
}

/** Subjects of the JetStream API, by what they let do with one stream. */
const RIGHTS: Readonly<Record<Right, (stream: string) => readonly string[]>> = {
  make: (stream) => [`$JS.API.STREAM.CREATE.${stream}`, `$JS.API.STREAM.UPDATE.${stream}`],
  read: (stream) => [
    ...[`$JS.API.CONSUMER.CREATE.${stream}`, `$JS.API.CONSUMER.CREATE.${stream}.>`],
    ...[`$JS.API.CONSUMER.INFO.${stream}.*`, `$JS.API.CONSUMER.DELETE.${stream}.*`],
    ...[`$JS.API.CONSUMER.MSG.NEXT.${stream}.*`, `$JS.API.DIRECT.GET.${stream}`, `$JS.API.DIRECT.GET.${stream}.>`],
    // Readers of buckets are sent to, and say when they want more.
    ...[`$JS.API.STREAM.MSG.GET.${stream}`, `$JS.FC.${stream}.>`],
  ],
  purge: (stream) => [`$JS.API.STREAM.PURGE.${stream}`],
  remove: (stream) => [`$JS.API.STREAM.DELETE.${stream}`],
  // The server sends a backup in pieces, and waits for the answers to them.
  backUp: (stream) => [`$JS.API.STREAM.SNAPSHOT.${stream}`, `$JS.SNAPSHOT.ACK.${stream}.>`],
};

/** The group of all inferences; its name is the durable consumer's on the fact stream. */
const INFERENCE_GROUP = "inference";

const NEEDS: Readonly<Record<NatsApp, (options: NatsPermissionOptions) => Needs>> = {
  ingest: ({ race, upstream }) => ({
    publish: [`race.${race}.*.tel.*`, `race.${race}.*.ctl.*`, `race.${race}.*.tick`, `clock.${race}.event`],
    streams: [{ name: `RACE-${race}`, rights: ["read"], makes: true }],
    subscribe: upstream === undefined ? [] : upstreamSubjects(race, upstream),
    allowResponses: upstream !== undefined,
  }),
  processor: ({ race }) => ({
    publish: [
      ...[`fact.${race}.>`, `late.${race}.>`, `dead.${race}.>`, `live.${race}.*`],
      ...[`peer.${race}.ask.*`, `peer.${race}.say`],
      ...[`$KV.SNAPSHOT-${race}.>`, `$O.SNAPSHOT-${race}.>`],
    ],
    streams: [
      { name: `RACE-${race}`, rights: ["read"], makes: true },
      { name: `FACT-${race}`, rights: [], makes: true },
      { name: `KV_SNAPSHOT-${race}`, rights: ["read"], makes: true },
      { name: `OBJ_SNAPSHOT-${race}`, rights: ["read", "purge"], makes: true },
    ],
    subscribe: [`peer.${race}.ask.*`, `peer.${race}.say`],
    allowResponses: true,
  }),
  inference: ({ race }) => ({
    publish: [`race.${race}.*.ml.*`, `$JS.ACK.FACT-${race}.${INFERENCE_GROUP}.>`],
    streams: [
      { name: `RACE-${race}`, rights: ["read"], makes: true },
      { name: `FACT-${race}`, rights: ["read"], makes: true },
    ],
  }),
  gateway: ({ race }) => ({
    publish: [],
    streams: [{ name: `FACT-${race}`, rights: ["read"], makes: true }],
    // It reads all facts, but must not take windows away from inference.
    deny: groupConsumer(`FACT-${race}`),
    subscribe: [`live.${race}.>`, `clock.${race}.>`],
  }),
  operator: () => ({
    publish: ["$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"],
    // It follows flags and frames of every race, and archives them. A name has no wildcard for its first letters only.
    // It removes them when they are archived. Nobody else may; so whoever mends by hand borrows its key (docs/operations.md).
    streams: [{ name: "*", rights: ["make", "read", "remove", "backUp"], makes: false }],
    deny: groupConsumer("*"),
  }),
};

/** What would change, end or read in place of inference's group. */
function groupConsumer(stream: string): string[] {
  return ["CREATE", "DELETE", "MSG.NEXT"].flatMap((verb) => {
    const subject = `$JS.API.CONSUMER.${verb}.${stream}.${INFERENCE_GROUP}`;
    return verb === "CREATE" ? [subject, `${subject}.>`] : [subject];
  });
}

/** Of all ingests of a race the server gives each message to one. */
function upstreamSubjects(race: string, upstream: string): string[] {
  return ["frames", "frames.>", "events", "events.>"].map((heard) => `${upstream}.${heard} ingest-${race}`);
}
