import { expect, test } from "vitest";
import { IMAGE_APPS } from "./apps.ts";
import { parseImageOptions } from "./options.ts";

function optionsOf(...argv: string[]) {
  const outcome = parseImageOptions(argv);
  if (outcome.type !== "options") throw new Error(outcome.text);
  return outcome.options;
}

test("without arguments every app is built for this machine", () => {
  expect(optionsOf()).toEqual({
    apps: IMAGE_APPS,
    ...{ tag: "test", prefix: "localhost/burnline", isPushed: false, allowsUnpinnedBases: false },
  });
});

test("apps and flags come in any order, an app once", () => {
  const argv = [
    "gateway",
    "--tag",
    "1.2.3",
    "ingest",
    "--registry=registry.example:5000/burnline",
    "gateway",
    "--push",
  ];
  expect(optionsOf(...argv)).toEqual({
    apps: ["gateway", "ingest"],
    ...{ tag: "1.2.3", prefix: "registry.example:5000/burnline", isPushed: true, allowsUnpinnedBases: false },
  });
});

test.each([
  [["dashboard"], "There is no image of dashboard: the apps are ingest, processor, inference, gateway, operator."],
  [["--fast"], "The flag --fast is not known: --help shows all."],
  [["--tag"], "The flag --tag needs a value."],
  [["--tag", "--push"], "The flag --tag needs a value."],
  [["--tag", "latest"], "--tag latest is refused: it says nothing of what runs. Give a version."],
  [["--tag", "a b"], "--tag a b is no tag: letters, digits, ., - and _, at most 128."],
  [["--registry", "Example"], "--registry Example is no registry and repository, such as registry.example/burnline."],
  [["--push"], "--push needs --registry: images below localhost/ have nowhere to go."],
  [
    ["--push", "--registry", "registry.example/burnline", "--allow-unpinned-bases"],
    "--push and --allow-unpinned-bases exclude each other: what is published is built on pinned bases.",
  ],
])("%j is refused with a sentence", (argv, text) => {
  expect(parseImageOptions(argv)).toEqual({ type: "refused", text });
});

test("help names every app and flag", () => {
  const outcome = parseImageOptions(["--help"]);
  if (outcome.type !== "answer") throw new Error("help is an answer");
  for (const word of [...IMAGE_APPS, "--tag", "--registry", "--push", "--allow-unpinned-bases"])
    expect(outcome.text).toContain(word);
});
