import { fromPublic, fromSeed } from "@nats-io/nkeys";
import fc from "fast-check";
import { expect, test } from "vitest";
import { APPS } from "./app-names.ts";
import { toUserKey } from "./nkeys.ts";
import { deriveSecrets } from "./secrets.ts";

/** The library's signatures take 30 ms each. */
const KEY_RUNS = 15;
const MASTER = "0123456789abcdef0123456789abcdef";
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("a key in NATS' encoding is the one that NATS' own library reads", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), (rawSeed, message) => {
      const { seed, publicKey } = toUserKey(rawSeed);
      const pair = fromSeed(new TextEncoder().encode(seed));
      expect(pair.getPublicKey()).toBe(publicKey);
      expect(text(pair.getSeed())).toBe(seed);
      expect(fromPublic(publicKey).verify(message, pair.sign(message))).toBe(true);
    }),
    { numRuns: KEY_RUNS },
  );
});

test("known bytes give a known key", () => {
  // RFC 8032, 7.1, test 1: seed 9d61b19d…, public key d75a9801….
  const rawSeed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
  expect(toUserKey(rawSeed)).toEqual({
    seed: "SUAJ2YNRTXX72WTAXKCEV5ES5QWMIRCJYVUXWMTJDFYDXLADDSXH6YALCA",
    publicKey: "UDLVVGABQKYQVN6VJP7NHSLEA45A5YLS6PNKMIZFV4BBU2HXA5IRUVAL",
  });
  expect(() => toUserKey(rawSeed.subarray(1))).toThrow("A seed has 32 bytes, not 31.");
});

test("the same master secret gives the same secrets, another one or another place gives none of them", () => {
  const flat = (secrets: ReturnType<typeof deriveSecrets>) => [
    ...APPS.flatMap((app) => [secrets.natsUsers[app].seed, secrets.natsUsers[app].publicKey]),
    ...[secrets.natsRoutePassword, secrets.redisPassword, secrets.ingestToken, secrets.generation],
  ];
  const here = flat(deriveSecrets(MASTER, "burnline"));
  expect(flat(deriveSecrets(MASTER, "burnline"))).toEqual(here);
  const all = [...here, ...flat(deriveSecrets(MASTER, "other")), ...flat(deriveSecrets(`${MASTER}!`, "burnline"))];
  expect(new Set(all).size).toBe(all.length);
});

test("what was deployed once is derived again by every later version", () => {
  // A change here would give every running stack new passwords.
  const { redisPassword, ingestToken, viewerKey, natsRoutePassword, natsUsers } = deriveSecrets(MASTER, "burnline");
  expect({
    redisPassword,
    ingestToken,
    viewerKey,
    natsRoutePassword,
    processor: natsUsers.processor.publicKey,
  }).toMatchInlineSnapshot(`
    {
      "ingestToken": "Ad-0QzdEV5cWWQXIDs9IEOXA1XCUrSodqeepydAZOAU",
      "natsRoutePassword": "F8axIWQJEuCyC8wto6sOxKn-X46lGCO2shApM9ylXn8",
      "processor": "UDMLYNVUYGPEE5K4JRYX236P4JAGS6NK75UK7WJLRXAKW4OOA7CUOPV7",
      "redisPassword": "DA5LqBWL8MmEToI6u1xlS9WUBk_bDBlJeoP-lUNOfz0",
      "viewerKey": "_6TA4czYftY0cBvKAEJTc4aBhXEGhytNXWJy2Nx6Srg",
    }
  `);
});

test("passwords need no escaping in an address", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 32 }), (master) => {
      const { redisPassword, natsRoutePassword } = deriveSecrets(master, "burnline");
      expect(redisPassword).toMatch(/^[\w-]{43}$/);
      expect(natsRoutePassword).toMatch(/^[\w-]{43}$/);
    }),
  );
});
