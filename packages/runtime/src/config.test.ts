import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type ConfigSources, loadConfig, type Program } from "./config.ts";

const program: Program = { command: "npm start --", name: "burnline", version: "0.1.0", summary: "Live fuel numbers." };

const schema = z
  .object({
    port: z.int().min(1).max(65_535).default(8080).describe("Port of the web server"),
    dataFolder: z.string().min(1).describe("Folder for everything that must survive a restart"),
    speed: z
      .union([z.number().positive(), z.literal("max")])
      .default(1)
      .describe("How fast a recording is replayed"),
    track: z.enum(["oval", "road"]).default("oval").describe("Track of the simulator"),
    record: z.boolean().default(false).describe("Whether to record"),
    cars: z.array(z.int().min(1)).default([]).describe("Car numbers"),
    pushToken: z.string().min(8).optional().describe("What a sender shows").meta({ secret: true }),
    source: z
      .string()
      .regex(/^(sim|ibt:.+)$/)
      .default("sim")
      .describe("Where telemetry comes from")
      .meta({ allowed: "sim or ibt:FILE" }),
  })
  .refine((config) => !config.record || config.source !== "sim", {
    path: ["record"],
    message: "the simulator can be replayed from its seed, so there is nothing to record",
  });

function load(argv: readonly string[], sources: Partial<ConfigSources> = {}) {
  return loadConfig(schema, program, { argv, env: {}, ...sources });
}

function configOf(argv: readonly string[], sources: Partial<ConfigSources> = {}) {
  const outcome = load(argv, sources);
  if (outcome.type !== "config") throw new Error(outcome.text);
  return outcome.config;
}

const file = (content: string) => ({ readFile: () => content });
const DATA = ["--data-folder", "d"];

describe("where a value comes from", () => {
  test("defaults fill what nobody gave", () => {
    expect(configOf(DATA)).toEqual({
      port: 8080,
      dataFolder: "d",
      speed: 1,
      track: "oval",
      record: false,
      cars: [],
      source: "sim",
    });
  });

  test("flags win over environment over file over defaults", () => {
    const fromFile = file('{"port": 1, "dataFolder": "file", "track": "road"}');
    const env = { BURNLINE_PORT: "2", BURNLINE_DATA_FOLDER: "env", BURNLINE_CONFIG: "c.json" };
    expect(configOf(["--port", "3"], { env, ...fromFile })).toMatchObject({
      port: 3,
      dataFolder: "env",
      track: "road",
    });
    expect(configOf([], { env, ...fromFile })).toMatchObject({ port: 2 });
    expect(configOf(["--config=c.json"], fromFile)).toMatchObject({ port: 1, dataFolder: "file" });
  });

  test("--config names another file than the program's own", () => {
    const readFile = (path: string) => JSON.stringify({ dataFolder: path });
    expect(configOf([], { file: "own.json", readFile }).dataFolder).toBe("own.json");
    expect(configOf(["--config", "other.json"], { file: "own.json", readFile }).dataFolder).toBe("other.json");
  });

  test("texts become what the key is", () => {
    const argv = [...DATA, "--speed=max", "--record", "--cars", "24, 5", "--source=ibt:a=b.ibt", "--port=9"];
    expect(configOf(argv)).toMatchObject({
      speed: "max",
      record: true,
      cars: [24, 5],
      source: "ibt:a=b.ibt",
      port: 9,
    });
    expect(configOf([...DATA, "--speed", "2.5", "--no-record"])).toMatchObject({ speed: 2.5, record: false });
    expect(configOf(DATA, { env: { BURNLINE_RECORD: "0", BURNLINE_CARS: "7" } })).toMatchObject({ cars: [7] });
  });

  test("an empty variable counts as not set, and foreign variables are none of our business", () => {
    const env = { BURNLINE_PORT: "", BURNLINE_GATEWAY_SERVICE_HOST: "10.0.0.1", PATH: "/bin" };
    expect(configOf(DATA, { env }).port).toBe(8080);
  });

  test("a number may be negative", () => {
    expect(load([...DATA, "--port", "-5"])).toMatchObject({ text: expect.stringContaining("port is -5") });
  });
});

describe("what is refused, and the words for it", () => {
  const PORT = "a whole number from 1 to 65535";
  const cases: readonly (readonly [string, readonly string[], Partial<ConfigSources>, string])[] = [
    ["out of range", [...DATA, "--port", "99999"], {}, `port is 99999 (from the flag --port), but it must be ${PORT}.`],
    ["not a number", [...DATA, "--port=http"], {}, `port is "http" (from the flag --port), but it must be ${PORT}.`],
    ["not whole", [...DATA, "--port=80.5"], {}, `port is 80.5 (from the flag --port), but it must be ${PORT}.`],
    ["no number at all", [...DATA, "--port="], {}, `port is "" (from the flag --port), but it must be ${PORT}.`],
    [
      "from the environment",
      DATA,
      { env: { BURNLINE_PORT: "tcp://10.0.0.1:80" } },
      `port is "tcp://10.0.0.1:80" (from the environment variable BURNLINE_PORT), but it must be ${PORT}.`,
    ],
    [
      "from the file",
      [...DATA, "--config", "c.json"],
      file('{"port": "8080"}'),
      `port is "8080" (from the file c.json), but it must be ${PORT}.`,
    ],
    [
      "one of several kinds",
      [...DATA, "--speed", "0"],
      {},
      'speed is 0 (from the flag --speed), but it must be a number above 0, or "max".',
    ],
    [
      "not in the list",
      [...DATA, "--track", "ovall"],
      {},
      'track is "ovall" (from the flag --track), but it must be "oval" or "road".',
    ],
    [
      "one bad item",
      [...DATA, "--cars", "24,x"],
      {},
      'cars is [24,"x"] (from the flag --cars), but it must be a list of values with commas between them, each a whole number of at least 1.',
    ],
    [
      "words of the schema",
      [...DATA, "--source", "csv"],
      {},
      'source is "csv" (from the flag --source), but it must be sim or ibt:FILE.',
    ],
    [
      "a secret stays secret",
      [...DATA, "--push-token", "hunter2"],
      {},
      "pushToken is (hidden) (from the flag --push-token), but it must be a text of at least 8 letters.",
    ],
    [
      "missing",
      [],
      {},
      'dataFolder is missing: give --data-folder, BURNLINE_DATA_FOLDER or "dataFolder" in the config file; it must be a text of at least 1 letter.',
    ],
    [
      "two keys that do not go together",
      [...DATA, "--record"],
      {},
      "record is true (from the flag --record), but the simulator can be replayed from its seed, so there is nothing to record.",
    ],
    [
      "a slip",
      [...DATA, "--prot", "1"],
      {},
      'There is no flag --prot: did you mean --port? See --help.\n"1" stands alone: every value follows a flag. See --help.',
    ],
    ["a flag of another program", [...DATA, "--frobnicate"], {}, "There is no flag --frobnicate. See --help."],
    [
      "a value forgotten",
      ["--data-folder", "--record=false"],
      {},
      'The flag --data-folder needs a value: a text of at least 1 letter.\ndataFolder is missing: give --data-folder, BURNLINE_DATA_FOLDER or "dataFolder" in the config file; it must be a text of at least 1 letter.',
    ],
    ["a file forgotten", [...DATA, "--config"], {}, "The flag --config needs a value: the path of a JSON file."],
    ["a word alone", [...DATA, "sim"], {}, '"sim" stands alone: every value follows a flag. See --help.'],
    [
      "a slip in the file",
      [...DATA, "--config", "c.json"],
      file('{"prot": 1}'),
      'The config file c.json has the unknown key "prot": did you mean "port"?',
    ],
    [
      "a foreign key in the file",
      [...DATA, "--config", "c.json"],
      file('{"frobnicate": 1}'),
      'The config file c.json has the unknown key "frobnicate": see --help.',
    ],
    [
      "a list as file",
      [...DATA, "--config", "c.json"],
      file("[1]"),
      'The config file c.json must hold one JSON object, like { "port": 8080 }.',
    ],
    [
      "a switch with a strange value",
      [...DATA, "--record=perhaps"],
      {},
      'record is "perhaps" (from the flag --record), but it must be true or false.',
    ],
  ];

  test.each(cases)("%s", (_name, argv, sources, text) => {
    expect(load(argv, sources)).toEqual({ type: "refused", text });
  });

  test("a file that is missing or broken is named with the reason", () => {
    expect(load([...DATA, "--config", "/nowhere/c.json"])).toMatchObject({
      type: "refused",
      text: expect.stringMatching(
        /^The config file \/nowhere\/c\.json cannot be read \(ENOENT.*\): check the path after --config\.$/,
      ),
    });
    expect(load([...DATA, "--config", "c.json"], file("{port: 1}"))).toMatchObject({
      text: expect.stringMatching(/^The config file c\.json is not JSON \(.+\)\.$/),
    });
  });

  test("all faults are told at once", () => {
    const outcome = load(["--port", "0", "--track", "x"]);
    expect(outcome).toMatchObject({ type: "refused" });
    expect(outcome.type === "refused" && outcome.text.split("\n")).toHaveLength(3);
  });

  test("a key without a description is a programmer's error", () => {
    const silent = z.object({ port: z.int() });
    expect(() => loadConfig(silent, program, { argv: [], env: {} })).toThrow("port has no description");
  });
});

describe("answers", () => {
  test("--version says name and version", () => {
    expect(load(["--version"])).toEqual({ type: "answer", text: "burnline 0.1.0" });
  });

  test("--help names every flag, variable, default and meaning, and no line is too long", () => {
    const outcome = load(["--help", "--nonsense"]);
    if (outcome.type !== "answer") throw new Error("no answer");
    expect(outcome.text).toContain("Usage: npm start -- [flags]");
    expect(outcome.text).toContain(
      "  --port NUMBER\n        Port of the web server. It is a whole number from 1 to 65535. [default 8080, BURNLINE_PORT]",
    );
    expect(outcome.text).toContain(
      "  --record, --no-record\n        Whether to record. [default false, BURNLINE_RECORD]",
    );
    expect(outcome.text).toContain("--track oval|road");
    expect(outcome.text).toContain("--speed NUMBER|max");
    for (const line of outcome.text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});
