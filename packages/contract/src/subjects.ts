import { CAR_ID_LENGTH_MAX, RACE_ID_LENGTH_MAX } from "./limits.ts";

/** Every subject of the system is built and parsed here and nowhere else. */

export type RecordKind = "tel" | "ctl" | "tick" | "ml";
export type FactKind = "window" | "lap" | "stint" | "stage" | "strategy" | "alert" | "gap" | "race";

const TOKEN = /^[A-Za-z0-9_-]+$/;

/** A car id is one subject token: letters, digits, - and _, at most CAR_ID_LENGTH_MAX. */
export function isCarId(car: string): boolean {
  return car.length >= 1 && car.length <= CAR_ID_LENGTH_MAX && TOKEN.test(car);
}

export function isRaceId(race: string): boolean {
  return race.length >= 1 && race.length <= RACE_ID_LENGTH_MAX && TOKEN.test(race);
}

export const subjects = {
  telemetry: (race: string, partition: number, car: string) => `race.${race}.${partition}.tel.${car}`,
  /** All cars and partitions, with NATS' wildcards. */
  telemetryOfRace: (race: string) => `race.${race}.*.tel.>`,
  control: (race: string, partition: number, kind: string) => `race.${race}.${partition}.ctl.${kind}`,
  tick: (race: string, partition: number) => `race.${race}.${partition}.tick`,
  ml: (race: string, partition: number, car: string) => `race.${race}.${partition}.ml.${car}`,
  fact: (race: string, kind: FactKind, car: string) => `fact.${race}.${kind}.${car}`,
  factsOf: (race: string, kind: FactKind) => `fact.${race}.${kind}.`,
  factsOfRace: (race: string) => `fact.${race}.`,
  live: (race: string, car: string) => `live.${race}.${car}`,
  liveOf: (race: string) => `live.${race}.`,
  /** How event time runs against wall time (RaceClock), said by ingest once a second; at most once, never stored. */
  raceClock: (race: string) => `clock.${race}.event`,
  late: (race: string, car: string) => `late.${race}.${car}`,
  /** Answered by the processor with this id, a subject token. */
  peerAsk: (race: string, memberToken: string) => `peer.${race}.ask.${memberToken}`,
  /** What processors of a race say to each other. */
  peerSay: (race: string) => `peer.${race}.say`,
  deadLetter: (race: string, reason: string) => `dead.${race}.${reason}`,
} as const;

/** Kind and last token (car or control kind; "" for a tick) of a subject of the race log; undefined if foreign. */
export function parseRaceSubject(subject: string): { kind: RecordKind; name: string } | undefined {
  // Once per record of the log: taken apart without a list of its tokens.
  if (!subject.startsWith("race.")) return undefined;
  const partitionStart = subject.indexOf(".", "race.".length) + 1;
  const kindStart = partitionStart === 0 ? 0 : subject.indexOf(".", partitionStart) + 1;
  if (kindStart === 0) return undefined;
  const kindEnd = subject.indexOf(".", kindStart);
  const kind = subject.slice(kindStart, kindEnd === -1 ? undefined : kindEnd);
  if (kind === "tick") return { kind, name: "" };
  if (kindEnd === -1 || (kind !== "tel" && kind !== "ctl" && kind !== "ml")) return undefined;
  const nameEnd = subject.indexOf(".", kindEnd + 1);
  return { kind, name: subject.slice(kindEnd + 1, nameEnd === -1 ? undefined : nameEnd) };
}

/** Kind and car of a fact subject; undefined if foreign. */
export function parseFactSubject(subject: string): { kind: FactKind; car: string } | undefined {
  const tokens = subject.split(".");
  if (tokens[0] !== "fact" || tokens[2] === undefined || tokens[3] === undefined) return undefined;
  return { kind: tokens[2] as FactKind, car: tokens[3] };
}
