import { expect, test } from "vitest";
import { parseSourceAddress } from "./source-address.ts";
import { expectSentence } from "./testing.ts";

test.each([
  ["sim", { type: "sim" }],
  ["push", { type: "push" }],
  ["ibt:a/b c.ibt", { type: "ibt", file: "a/b c.ibt" }],
  ["csv:C:\\x.csv", { type: "csv", file: "C:\\x.csv" }],
  ["recording:r", { type: "recording", file: "r" }],
  ["nats:feed", { type: "nats", subject: "feed" }],
  ["nats:feed.daytona", { type: "nats", subject: "feed.daytona" }],
])("%s is a source", (text, value) => {
  expect(parseSourceAddress(text)).toEqual({ ok: true, value });
});

test.each(["nats:", "nats:feed.>", "nats:*", "nats:a..b", "nats:.a", "nats:a b", "nats:race.r", "nats:live"])(
  "%j is told which subjects there are",
  (text) => {
    const parsed = parseSourceAddress(text);
    if (parsed.ok) throw new Error("was read");
    expectSentence(parsed.error);
  },
);

test.each(["", "ibt", "ibt:", ":x", "Sim", "sim:x", "http://x", "csv:\0", "x".repeat(10_000)])(
  "%j is told the forms",
  (text) => {
    const parsed = parseSourceAddress(text);
    if (parsed.ok) throw new Error("was read");
    expectSentence(parsed.error);
  },
);
