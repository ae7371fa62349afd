import fc from "fast-check";
import { expect, test } from "vitest";
import { shownText } from "./shown-text.ts";

test("what is shown is one short line that cannot be Markdown, whatever the message", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (text) => {
      const shown = shownText(text);
      expect(shown).not.toMatch(/[`\r\n]/);
      expect(shown.length).toBeLessThanOrEqual(401);
    }),
  );
});

test.each([
  ["a password of 32 bytes", "aZ3kQ9tLx0Vb7YwNf2RsTq8uJm4HcEoPdGi1KyBnXvA="],
  ["a seed of NATS", `SU${"ABCDEFGH2345".repeat(4)}67ABCDEF`],
  ["a token in parts", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"],
])("%s is hidden in the midst of a message", (_, secret) => {
  const shown = shownText(`could not log in with ${secret} at nats`);
  for (const part of secret.split(".")) expect(shown).not.toContain(part);
  expect(shown).toMatch(/^could not log in with .*\[hidden\].* at nats$/);
});

test("a password in an address is hidden, however short", () => {
  expect(shownText("redis://burnline:pass@redis:6379/0 does not answer")).toBe(
    "redis://burnline:[hidden]@redis:6379/0 does not answer",
  );
});

test.each([
  "urn:pulumi:prod-eks::burnline::kubernetes:helm.sh/v4:Chart$kubernetes:keda.sh/v1alpha1:ScaledObject::burnline:burnline/burnline-gateway",
  "spec.template.spec.containers[0].terminationMessagePolicy",
  `registry.example.org/burnline/ingest@sha256:${"0123456789abcdef".repeat(4)}`,
  "arn:aws:elasticache:us-east-1:111122223333:replicationgroup:burnline-prod-eks",
])("names stay readable: %s", (name) => {
  expect(shownText(name)).toBe(name);
});

test("colours and places in the code are left out", () => {
  const text = "\u001b[31merror\u001b[0m: <{%fg 13%}>it broke<{%reset%}>\n    at run (index.ts:1:2)\n";
  expect(shownText(text)).toBe("error: it broke");
});
