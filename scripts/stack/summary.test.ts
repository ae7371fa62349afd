import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noFacts, noteLine, type RunFacts } from "./events.ts";
import { driftVerdict, previewVerdict, summaryText } from "./summary.ts";

/** Events of a real Pulumi 3.260.0 with a real Kubernetes; of what objects hold only little is left, and made up. */
const read = (name: string) => readFileSync(new URL(`testing/${name}.jsonl`, import.meta.url), "utf8").split("\n");
const PREVIEW = read("preview");
const REFRESH = read("refresh");
/** Of the real pack beside it: the trial's state is not protected, and a pod of the chart was made to gain rights. */
const POLICY = read("policy");
const PACK = { "burnline|local|infra/policy": "0.1.0" };

function factsOf(lines: readonly string[]): RunFacts {
  const facts = noFacts();
  for (const line of lines) noteLine(facts, line);
  return facts;
}

const end = (resourceChanges: Record<string, number> = {}, PolicyPacks: Record<string, string> = PACK) =>
  JSON.stringify({ summaryEvent: { resourceChanges, PolicyPacks } });
const step = (op: string, name: string, more: object = {}) =>
  JSON.stringify({
    resOutputsEvent: { metadata: { op, urn: `urn:pulumi:dev::burnline::a:b:C::${name}`, type: "a:b:C", ...more } },
  });
const violation = (enforcementLevel: string, message = "no limit of memory") =>
  JSON.stringify({
    policyEvent: { policyName: "bounded-memory", enforcementLevel, message, resourceUrn: "urn:pulumi:d::b::t::pod" },
  });
const preview = (lines: readonly string[], status = 0) => {
  const facts = factsOf(lines);
  const verdict = previewVerdict(facts, status);
  return { ...verdict, text: summaryText("preview", "dev", verdict, facts) };
};
const drift = (lines: readonly string[], status: number) => {
  const facts = factsOf(lines);
  const verdict = driftVerdict(facts, status);
  return { ...verdict, text: summaryText("drift", "dev", verdict, facts) };
};

describe("a preview", () => {
  test("counts as the engine itself does, a replacement once", () => {
    const { changes, engine } = factsOf(PREVIEW);
    const counted = Object.groupBy(changes.values(), ({ op }) => op);
    for (const op of ["create", "replace", "delete"] as const)
      expect(counted[op]).toHaveLength(engine?.counts[op] ?? 0);
    expect(counted.update).toBeUndefined();
  });

  test("names what is replaced, with the reason, and what is deleted", () => {
    const { text } = preview([...PREVIEW, end({ create: 2, delete: 1, replace: 2 })]);
    expect(text).toContain("| 2 | 0 | 2 | 1 |");
    expect(text).toContain(
      "### Replaced\n\n- `kubernetes:core/v1:ConfigMap` `changed`: `data`\n- `kubernetes:core/v1:ConfigMap` `renamed`: `data`, `metadata.name`",
    );
    expect(text).toContain("### Deleted\n\n- `kubernetes:core/v1:ConfigMap` `gone`");
  });

  test("whose pack did not run is refused: nothing is known of its rules", () => {
    expect(preview([end({}, {})])).toMatchObject({ exitCode: 1 });
    expect(preview([end({}, { "other|local|elsewhere": "1" })]).sentence).toContain("infra/policy did not run");
    expect(preview([end()])).toMatchObject({ exitCode: 0, sentence: "It changes nothing." });
    expect(readFileSync(new URL("../../infra/policy/pack.ts", import.meta.url), "utf8")).toContain(
      'new PolicyPack("burnline"',
    );
  });

  test("that breaks a mandatory policy is refused, whatever Pulumi ends with; advice is shown", () => {
    for (const status of [0, 1, 5])
      expect(preview([violation("mandatory"), end()], status)).toMatchObject({ exitCode: 1 });
    expect(preview([violation("mandatory"), end()]).text).toContain(
      "- **mandatory** `bounded-memory` by `pod`: `no limit of memory`",
    );
    const advised = preview([violation("advisory"), end()]);
    expect(advised.exitCode).toBe(0);
    expect(advised.text).toContain("- advice `bounded-memory` by `pod`");
  });

  test("of the real pack is refused for a pod that may gain rights, which is told before advice", () => {
    const { exitCode, text } = preview(POLICY, 1);
    expect(exitCode).toBe(1);
    expect(text).toMatch(
      /### Policies\n\n- \*\*mandatory\*\* `restricted-pods` by `burnline:burnline\/burnline-processor`: `[^`]*processor may gain rights\.`\n- advice `protected-state` by `redis`/,
    );
    expect(text).not.toContain("### Errors");
    expect(factsOf(POLICY).engine?.packs).toEqual(Object.keys(PACK));
  });

  test("is refused by a mandatory violation also where more are told than are kept", () => {
    const many = Array.from({ length: 300 }, (_, index) => violation("advisory", `advice ${index}`));
    const { exitCode, text } = preview([...many, violation("mandatory"), end()]);
    expect(exitCode).toBe(1);
    expect(text).toContain("Violations and errors beyond these: 101.");
  });

  test("that fails or breaks off is refused, with Pulumi's errors", () => {
    const error = JSON.stringify({
      diagnosticEvent: { severity: "error", message: "error: burnline:region is not set\n" },
    });
    const failed = preview([error, error, end()], 1);
    expect(failed).toMatchObject({ exitCode: 1, sentence: "It cannot be applied: the preview failed." });
    expect(failed.text.match(/- `burnline:region is not set`/g)).toHaveLength(1);
    expect(preview([step("create", "x")])).toMatchObject({ exitCode: 1 });
  });
});

describe("drift", () => {
  test("is told by resource and property", () => {
    const { exitCode, sentence, text } = drift(REFRESH, 7);
    expect(exitCode).toBe(1);
    expect(sentence).toMatch(/^3 resources differ /);
    expect(text).toContain(
      "### Gone\n\n- `kubernetes:core/v1:ConfigMap` `gone`\n- `kubernetes:core/v1:ConfigMap` `renamed`",
    );
    expect(text).toContain("### Different\n\n- `kubernetes:core/v1:ConfigMap` `changed`: `data`, `metadata.labels`");
  });

  test("is said when either the engine's events or its exit code tell it", () => {
    expect(drift([step("update", "x"), end({ update: 1 })], 0)).toMatchObject({ exitCode: 1 });
    expect(drift([end({ same: 3 })], 7)).toMatchObject({ exitCode: 1 });
    expect(drift([end({ same: 3 })], 0)).toMatchObject({ exitCode: 0 });
  });

  test("is not known when the refresh failed or has no end, and that is neither 0 nor 1", () => {
    expect(drift([end({ same: 3 })], 1)).toMatchObject({ exitCode: 2 });
    expect(drift([], 0)).toMatchObject({ exitCode: 2 });
  });
});

test("no value of a resource comes into a summary, only names", () => {
  const value = fc.string({ minLength: 6, maxLength: 40 }).map((text) => `value-${text}`);
  fc.assert(
    fc.property(value, fc.constantFrom("create", "update", "replace", "delete", "same"), (secret, op) => {
      const state = { id: secret, inputs: { data: { password: secret } }, outputs: { data: { password: secret } } };
      const more = { old: state, new: state, detailedDiff: { "data.password": { diffKind: "update" } } };
      const debug = { diagnosticEvent: { severity: "debug", message: secret } };
      const prelude = { preludeEvent: { config: { "burnline:masterSecret": secret } } };
      const lines = [step(op, "x", more), JSON.stringify(debug), JSON.stringify(prelude), end()];
      expect(preview(lines).text).not.toContain("value-");
      expect(drift(lines, 7).text).not.toContain("value-");
    }),
  );
  for (const lines of [PREVIEW, REFRESH]) {
    expect(lines.join("")).toContain("a-value-of-it");
    expect(preview(lines).text).not.toContain("a-value-of-it");
  }
});

test("a summary has its verdict, its counts and what is lost, however much changes", () => {
  const long = "x".repeat(300);
  const properties = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${long}${index}`, {}]));
  const many = ["update", "delete", "replace"].flatMap((op) =>
    Array.from({ length: 2_000 }, (_, index) => step(op, `${op}-${index}-${long}`, { detailedDiff: properties })),
  );
  const { text } = preview([...many, end({ update: 2_000, delete: 2_000, replace: 2_000 })]);
  expect(text.length).toBeLessThan(65_536);
  expect(text).toMatch(/^## Preview of dev\n\n✅ It can be applied: 2000 to update, 2000 to replace, 2000 to delete\./);
  expect(text).toContain("`replace-0-");
  expect(text).toMatch(/The rest is cut[^\n]*\n$/);
});

test("of a long list the first are named and the others counted, also those that only the engine knows", () => {
  const many = Array.from({ length: 100 }, (_, index) => step("delete", `d${index}`));
  const { text } = preview([...many, end({ delete: 150 })]);
  expect(text.match(/`d\d+`/g)).toHaveLength(60);
  expect(text).toContain("- and 90 more\n");
});

test("no line of output breaks the reading, and what is no event is passed over", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"resOutputsEvent":${json}}`),
      ),
      (line) => {
        const facts = noFacts();
        noteLine(facts, line);
        expect(facts.changes.size).toBe(0);
      },
    ),
  );
});
