import { SUBPROTOCOL_TOKEN_PREFIX } from "@burnline/contract";
import fc from "fast-check";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { VIEWER_KEY_LENGTH_MIN, VIEWER_TOKEN_LENGTH_MAX } from "./limits.ts";
import { ViewerCheck } from "./viewer-check.ts";
import { signViewerToken, VIEWER_AUDIENCE, viewerSecret } from "./viewer-token.ts";

const NOW_MS = 1_750_000_000_000;
const DAY_MS = 24 * 3_600_000;
const KEY = "k".repeat(VIEWER_KEY_LENGTH_MIN);
const OLD_KEY = "o".repeat(VIEWER_KEY_LENGTH_MIN);
const GRANT = { name: "obs", race: "daytona", days: 1 };

const checkAt = (nowMs = NOW_MS, keys: readonly string[] = [KEY]) => new ViewerCheck(keys, "daytona", () => nowMs);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test("without keys everybody reads the race, whatever token they send", async () => {
  const check = checkAt(NOW_MS, []);
  expect(await check.faultOf({})).toBeUndefined();
  expect(await check.faultOf(bearer("nonsense"))).toBeUndefined();
});

test("a token opens the race by header and by subprotocol, also under an older key", async () => {
  for (const key of [KEY, OLD_KEY]) {
    const check = checkAt(NOW_MS, [KEY, OLD_KEY]);
    const token = await signViewerToken(key, GRANT, NOW_MS);
    expect(await check.faultOf(bearer(token))).toBeUndefined();
    const offered = { "sec-websocket-protocol": `burnline.v1.proto, ${SUBPROTOCOL_TOKEN_PREFIX}${token}` };
    expect(await check.faultOf(offered)).toBeUndefined();
  }
});

test("a token of no race opens every race, one of another race only that", async () => {
  const any = await signViewerToken(KEY, { name: "obs", days: 1 }, NOW_MS);
  const other = await signViewerToken(KEY, { ...GRANT, race: "talladega" }, NOW_MS);
  expect(await checkAt().faultOf(bearer(any))).toBeUndefined();
  expect(await checkAt().faultOf(bearer(other))).toBe("other-race");
});

test("a token opens until it ends, half a minute of the clocks apart", async () => {
  const token = await signViewerToken(KEY, GRANT, NOW_MS);
  expect(await checkAt(NOW_MS + DAY_MS + 29_000).faultOf(bearer(token))).toBeUndefined();
  expect(await checkAt(NOW_MS + DAY_MS + 31_000).faultOf(bearer(token))).toBe("expired-token");
});

test("a token whose key was replaced says nothing of its end", async () => {
  const token = await signViewerToken(OLD_KEY, GRANT, NOW_MS - 10 * DAY_MS);
  expect(await checkAt().faultOf(bearer(token))).toBe("bad-token");
});

test.each<readonly [string, (claims: SignJWT) => SignJWT, string]>([
  ["without an end", (jwt) => jwt.setAudience(VIEWER_AUDIENCE), "HS256"],
  ["for another use", (jwt) => jwt.setAudience("burnline-ingest").setExpirationTime(NOW_MS / 1_000 + 60), "HS256"],
  ["for no use", (jwt) => jwt.setExpirationTime(NOW_MS / 1_000 + 60), "HS256"],
  ["of another algorithm", (jwt) => jwt.setAudience(VIEWER_AUDIENCE).setExpirationTime(NOW_MS / 1_000 + 60), "HS512"],
])("a token %s is refused", async (_name, claim, alg) => {
  const token = await claim(new SignJWT({}))
    .setProtectedHeader({ alg })
    .sign(viewerSecret(KEY.repeat(2)));
  expect(await checkAt(NOW_MS, [KEY.repeat(2)]).faultOf(bearer(token))).toBe("bad-token");
});

test("an unsigned token is refused", async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { aud: VIEWER_AUDIENCE, exp: NOW_MS / 1_000 + 60 };
  expect(await checkAt().faultOf(bearer(`${part({ alg: "none" })}.${part(claims)}.`))).toBe("bad-token");
});

test("whatever is sent in place of a token is refused, and nothing throws", async () => {
  const token = await signViewerToken(KEY, GRANT, NOW_MS);
  const damaged = fc
    .tuple(fc.nat(token.length - 1), fc.constantFrom("", "A", "_", ".", "é"))
    .map(([place, letter]) => token.slice(0, place) + letter + token.slice(place + 1))
    // The last letter of base64 holds bits that mean nothing.
    .filter((text) => text !== token && text.slice(0, -1) !== token.slice(0, -1));
  const anything = fc.oneof(
    damaged,
    fc.string({ minLength: 1 }).filter((text) => /^\S+$/.test(text)),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (text) => {
      expect(await checkAt().faultOf(bearer(text))).toBe("bad-token");
    }),
  );
  expect(await checkAt().faultOf(bearer("x".repeat(VIEWER_TOKEN_LENGTH_MAX + 1)))).toBe("bad-token");
});

test("no token is said to be missing, also where the header is of another kind", async () => {
  for (const headers of [{}, { authorization: "Basic abc" }, { "sec-websocket-protocol": "burnline.v1.proto" }])
    expect(await checkAt().faultOf(headers)).toBe("missing-token");
});
