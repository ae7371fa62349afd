import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressedLayout,
  partitionTokenLayout,
  singlePartitionLayout,
  streamTakes,
  subjectFault,
} from "./nats-subjects.ts";

const TOKEN = fc.stringMatching(/^[a-z0-9_]{1,4}$/);
const TOKENS = fc.array(TOKEN, { minLength: 1, maxLength: 4 });
const PARTITION = fc.integer({ min: 0, max: 63 });

/** Whether a NATS filter with * and > takes a subject (docs.nats.io, subject-based messaging). */
function takes(filter: string, subject: string): boolean {
  const wanted = filter.split(".");
  const tokens = subject.split(".");
  return (
    wanted.every((token, index) => {
      if (token === ">") return index === wanted.length - 1 && tokens.length > index;
      return tokens[index] !== undefined && (token === "*" || token === tokens[index]);
    }) &&
    (wanted.at(-1) === ">" || wanted.length === tokens.length)
  );
}

const LAYOUTS = {
  "the partition as a token of the subject": {
    layout: partitionTokenLayout("race.r"),
    root: (p: number) => `race.r.${p}.`,
  },
  "a single partition": { layout: singlePartitionLayout(["fact.r", "late.r"]), root: () => "fact.r." },
  "the partition in front of the subject": { layout: addressedLayout("log_1"), root: () => "" },
};

describe.each(Object.entries(LAYOUTS))("%s", (_, { layout, root }) => {
  const isSingle = layout.streamSubjects.length > 1;

  test("goes to NATS and back, within the stream's subjects", () => {
    fc.assert(
      fc.property(PARTITION, TOKENS, (partition, tokens) => {
        const address = { partition: isSingle ? 0 : partition, subject: `${root(partition)}${tokens.join(".")}` };
        const natsSubject = layout.toNats(address.partition, address.subject);
        expect(layout.fromNats(natsSubject)).toEqual(address);
        expect(subjectFault(natsSubject)).toBeUndefined();
        expect(streamTakes(layout.streamSubjects, natsSubject)).toBe(true);
      }),
    );
  });

  test("has a filter that misses no record that matches", () => {
    fc.assert(
      fc.property(PARTITION, TOKENS, fc.nat(), fc.boolean(), (partition, tokens, cut, isOnePartition) => {
        const own = isSingle ? 0 : partition;
        const subject = `${root(partition)}${tokens.join(".")}`;
        const filter = layout.filter(isOnePartition ? own : undefined, subject.slice(0, cut % (subject.length + 1)));
        expect(takes(filter, layout.toNats(own, subject))).toBe(true);
      }),
    );
  });
});

test.each(["", ".a", "a.", "a..b", "a b", "a.*", "a.>", "a\tb"])("NATS would not take the subject %j", (subject) => {
  expect(subjectFault(subject)).toBe("bad-subject");
});

test("a subject that would cut the connection is refused", () => {
  expect(subjectFault("a".repeat(1_025))).toBe("subject-too-long");
});

test.each(["race.r.tick", "race.r.x.tel.24", "race.r.5"])("%s has no partition", (subject) => {
  expect(partitionTokenLayout("race.r").fromNats(subject).partition).toBe(-1);
});
