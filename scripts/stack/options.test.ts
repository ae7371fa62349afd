import { expect, test } from "vitest";
import { parseStackOptions } from "./options.ts";

test("a stack and a file for the summary come in any order", () => {
  const options = { stack: "organization/burnline/prod-eks", summaryFile: "out.md" };
  const argv = ["--summary", "out.md", "organization/burnline/prod-eks"];
  expect(parseStackOptions("preview", argv)).toEqual({ type: "options", options });
  expect(parseStackOptions("drift", [options.stack, "--summary=out.md"])).toEqual({ type: "options", options });
  expect(parseStackOptions("drift", ["dev"])).toEqual({ type: "options", options: { stack: "dev" } });
});

test.each([
  [[], "Which stack? npm run preview -- STACK; pulumi stack ls shows them."],
  [["dev", "prod"], "One stack at a time: dev or prod."],
  [["dev", "--summary"], "The flag --summary needs a value."],
  [["--summary", "--help", "dev"], "The flag --summary needs a value."],
  [["dev", "--fast"], "The flag --fast is not known: --help shows all."],
  [["-s"], "The flag -s is not known: --help shows all."],
  [["a b"], "a b is no name of a stack, such as prod-eks: letters, digits, ., - and _."],
])("%j is refused with a sentence", (argv, text) => {
  expect(parseStackOptions("preview", argv)).toEqual({ type: "refused", text });
});

test.each(["preview", "drift"] as const)("the help of %s names its flags and every end that it has", (command) => {
  const outcome = parseStackOptions(command, ["--help"]);
  if (outcome.type !== "answer") throw new Error("help is an answer");
  for (const word of [`npm run ${command}`, "STACK", "--summary", "Ends with 0", "1 when", "2 when"])
    expect(outcome.text).toContain(word);
});

test.each(["skip-policy", "policy-pack", "no-policy-pack"])("no flag such as --%s gets round the policies", (flag) => {
  expect(parseStackOptions("preview", ["dev", `--${flag}`]).type).toBe("refused");
});
