import { expect, test } from "vitest";
import { checkServerVersion, NATS_VERSION_MIN } from "./nats-version.ts";

test.each(["2.11.0", "2.11.12", "2.15.2", "v2.12.0-RC.3", "3.0.0"])("a server of version %s will do", (version) => {
  expect(checkServerVersion(version)).toEqual({ ok: true, value: true });
});

test.each(["2.10.29", "2.9.10", "1.99.99"])("a server of version %s is too old, in one sentence", (version) => {
  expect(checkServerVersion(version)).toEqual({
    ok: false,
    error: `The NATS server is version ${version}: Burnline needs ${NATS_VERSION_MIN} or newer: upgrade it, or name another one by --nats.`,
  });
});

test("a server that says no version is not believed", () => {
  expect(checkServerVersion("").ok).toBe(false);
});
