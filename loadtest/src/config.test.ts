import { expect, test } from "vitest";
import { loadConfig } from "./config.ts";

test("a profile alone starts a cluster here; addresses are taken as given; a duration replaces the profile's", () => {
  expect(loadConfig(["smoke"])).toMatchObject({ type: "config", config: { profile: { name: "smoke", seconds: 15 } } });
  const outcome = loadConfig([
    "race",
    "--ingest",
    "http://i",
    "--gateway",
    "http://g",
    "--viewer-token",
    "v",
    "--token",
    "t",
    "--duration",
    "2m",
  ]);
  expect(outcome).toMatchObject({
    type: "config",
    config: {
      profile: { seconds: 120 },
      target: { ingestUrl: "http://i", gatewayUrl: "http://g", token: "t", viewerToken: "v" },
    },
  });
});

test("without a profile, or asked for help, it explains itself", () => {
  for (const argv of [[], ["--help"], ["smoke", "--help"]]) expect(loadConfig(argv).type).toBe("answer");
});

test.each([
  [["smok"], "There is no profile smok"],
  [["smoke", "--duration", "soon"], "--duration is soon"],
  [["smoke", "--duration", "0"], "--duration is 0"],
  [["smoke", "--ingest", "http://i"], "both --ingest and --gateway"],
  [["smoke", "--processors", "0"], "--processors is 0"],
  [["smoke", "--profle", "x"], "--profle"],
])("%j is refused with a sentence", (argv, text) => {
  const outcome = loadConfig(argv);
  expect(outcome).toMatchObject({ type: "refused", text: expect.stringContaining(text) });
});
