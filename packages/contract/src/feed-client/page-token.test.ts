import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf, tokenOf } from "./page-token.ts";

const part = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);

test("a token behind an address is found again", () => {
  fc.assert(
    fc.property(part, part, part, (head, claims, signature) => {
      const token = `${head}.${claims}.${signature}`;
      expect(tokenOf(hashOf(token))).toBe(token);
    }),
  );
});

test.each(["", "#", "#/", "#/car/24", "#token=", "#token=a.b", "#token=a.b.c d", "#token=a.b.c&x=1", "token=a.b.c"])(
  "%j holds none",
  (hash) => {
    expect(tokenOf(hash)).toBeUndefined();
  },
);

test("no token leaves an address as it is", () => {
  expect(hashOf(undefined)).toBe("");
});
