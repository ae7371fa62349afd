import { assert } from "@burnline/std";

/** How a record's partition and subject lie in the subjects of NATS. */
export interface SubjectLayout {
  /** What the stream takes: ["race.daytona.>"]. */
  readonly streamSubjects: readonly string[];
  toNats(partition: number, subject: string): string;
  fromNats(natsSubject: string): Address;
  /** A NATS subject, with wildcards, that takes in every record asked for; it may take in more. */
  filter(partition: number | undefined, subjectPrefix: string): string;
}

export interface Address {
  readonly partition: number;
  readonly subject: string;
}

/** Longer subjects are refused: the server cuts a connection whose command lines exceed 4,096 bytes. */
const SUBJECT_BYTES_MAX = 1_024;

const WELL_FORMED = /^[^\s*>.]+(\.[^\s*>.]+)*$/;

/** Why NATS would not take this as the subject of a record; undefined when it would. */
export function subjectFault(natsSubject: string): string | undefined {
  if (!WELL_FORMED.test(natsSubject)) return "bad-subject";
  return Buffer.byteLength(natsSubject) > SUBJECT_BYTES_MAX ? "subject-too-long" : undefined;
}

/**
 * The partition is the token behind the root, in the record's own subject: `race.daytona` has
 * `race.daytona.<partition>.tel.<car>`.
 */
export function partitionTokenLayout(root: string): SubjectLayout {
  assert(WELL_FORMED.test(root), `${root} is not a subject`);
  return {
    streamSubjects: [`${root}.>`],
    toNats: (_, subject) => subject,
    fromNats: (subject) => ({ partition: leadingNumber(subject, root.length + 1), subject }),
    filter: (partition, subjectPrefix) => {
      const base = partition === undefined ? `${root}.` : `${root}.${partition}.`;
      return below(subjectPrefix.startsWith(base) ? wholeTokens(subjectPrefix) : base);
    },
  };
}

/** Everything is of partition 0: facts, late samples and dead letters, which nobody shares out by partition. */
export function singlePartitionLayout(roots: readonly string[]): SubjectLayout {
  for (const root of roots) assert(WELL_FORMED.test(root), `${root} is not a subject`);
  return {
    streamSubjects: roots.map((root) => `${root}.>`),
    toNats: (_, subject) => subject,
    fromNats: (subject) => ({ partition: 0, subject }),
    filter: (_, subjectPrefix) => below(wholeTokens(subjectPrefix)),
  };
}

/** Partition and subject stand behind the root, `<root>.<partition>.<subject>`, so that a subject may be anything. */
export function addressedLayout(root: string): SubjectLayout {
  assert(WELL_FORMED.test(root), `${root} is not a subject`);
  const start = root.length + 1;
  return {
    streamSubjects: [`${root}.>`],
    toNats: (partition, subject) => `${root}.${partition}.${subject}`,
    fromNats: (natsSubject) => ({
      partition: leadingNumber(natsSubject, start),
      subject: natsSubject.slice(natsSubject.indexOf(".", start) + 1),
    }),
    filter: (partition, subjectPrefix) => below(`${root}.${partition ?? "*"}.${wholeTokens(subjectPrefix)}`),
  };
}

/** Whether a stream with these subjects takes the subject. */
export function streamTakes(streamSubjects: readonly string[], natsSubject: string): boolean {
  return streamSubjects.some((taken) => natsSubject.startsWith(taken.slice(0, -1)));
}

/** "fact.r.window." of "fact.r.window.2": what is cut within a token can only be compared letter by letter. */
function wholeTokens(subjectPrefix: string): string {
  return subjectPrefix.slice(0, subjectPrefix.lastIndexOf(".") + 1);
}

function below(tokens: string): string {
  return `${tokens}>`;
}

/** The whole number that stands at this place of the subject, up to the next point. -1: none. */
function leadingNumber(subject: string, start: number): number {
  let value = 0;
  let index = start;
  for (; index < subject.length; index++) {
    const digit = subject.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return index > start && subject.charCodeAt(index) === 46 ? value : -1;
}
