import { expect, test } from "vitest";
import { checkUpgrade, isAllowedOrigin } from "./upgrade-check.ts";

const HOST = "gateway.example:8080";

test.each([
  ["a program without origin", undefined, [], true],
  ["the gateway's own page", `http://${HOST}`, [], true],
  ["its own page behind TLS", `https://${HOST}`, [], true],
  ["another port of the same host", "http://gateway.example:9999", [], false],
  ["this machine, any port", "http://localhost:5173", [], true],
  ["this machine by address", "http://127.0.0.1:5173", [], true],
  ["this machine by IPv6 address", "http://[::1]:5173", [], true],
  ["a name that only begins like this machine", "http://localhost.evil.example", [], false],
  ["a foreign page", "https://evil.example", [], false],
  ["a listed page", "https://studio.example", ["https://studio.example"], true],
  ["a listed name over another scheme", "http://studio.example", ["https://studio.example"], false],
  ["a local file", "null", [], false],
  ["a local file when listed", "null", ["null"], true],
  ["anybody when all are let in", "https://evil.example", ["*"], true],
  ["garbage", "::::", [], false],
])("origin: %s", (_name, origin, allowed, expected) => {
  expect(isAllowedOrigin(origin, HOST, allowed)).toBe(expected);
});

test.each([
  ["burnline.v1.proto", "proto"],
  ["burnline.v1.json", "json"],
  ["burnline.v2.proto, burnline.v1.json , burnline.v1.proto", "json"],
  ["", "unsupported-protocol"],
  ["burnline.v2.proto", "unsupported-protocol"],
  ["BURNLINE.V1.PROTO", "unsupported-protocol"],
])("subprotocols %j → %s", (offered, expected) => {
  const check = checkUpgrade({ host: HOST, "sec-websocket-protocol": offered }, []);
  expect(check.ok ? check.value : check.error.code).toBe(expected);
});
