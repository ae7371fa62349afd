import { ErrorReply } from "redis";
import { describe, expect, test } from "vitest";
import { createLogger } from "./log.ts";
import { checkRedis } from "./redis-checks.ts";

const GOOD = { maxmemory: "0", maxmemory_policy: "noeviction", aof_enabled: "1" };
const LIMITED = { ...GOOD, maxmemory: "1000000000" };
const NO_FILE = { ...GOOD, aof_enabled: "0" };

interface Answers {
  readonly infos?: readonly string[];
  /** INFO memory persistence, by node. */
  readonly nodes?: readonly Readonly<Record<string, string>>[];
  /** CONFIG GET; undefined: not allowed. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** ACL DRYRUN of the default user; undefined: not allowed. */
  readonly mayDefaultUser?: ((command: readonly string[]) => boolean) | undefined;
}

/** What is said of servers that answer like this. */
async function check({ infos = ["redis_version:7.0.0"], nodes = [GOOD], settings, mayDefaultUser }: Answers) {
  const lines: string[] = [];
  const logger = createLogger({ service: "test", level: "warn", format: "lines", write: (line) => lines.push(line) });
  const askAll = async ([command = "", ...args]: readonly string[]) => {
    switch (command) {
      case "INFO":
        if (args[0] === "server") return infos.map((info) => Buffer.from(info));
        return nodes.map((node) => Buffer.from(`# Memory\r\n${toLines(node)}`));
      case "CONFIG":
        if (settings === undefined) throw new ErrorReply("NOPERM no permissions to run config");
        return nodes.map(() => settings);
      case "ACL":
        if (mayDefaultUser === undefined) throw new ErrorReply("NOPERM no permissions to run acl");
        return nodes.map(() => (mayDefaultUser(args.slice(2)) ? "OK" : Buffer.from("User default has no permissions")));
      default:
        throw new Error(`nobody asks for ${command}`);
    }
  };
  await checkRedis({ place: "redis://db", isCluster: false, askAll }, logger);
  return lines;
}

const toLines = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join("");

describe("a server is checked when it is connected", () => {
  test.each([
    ["# Server\r\nredis_version:7.0.15\r\n"],
    ["# Server\r\nredis_version:8.2.1\r\n"],
    ["# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n"],
  ])("%j is taken", async (info) => {
    expect(await check({ infos: [info] })).toEqual([]);
  });

  test.each([
    ["redis_version:6.2.14\r\n", "is 6.2.14, Burnline needs 7 or newer, or Valkey: upgrade that server"],
    ["nothing known", "is of unknown version, Burnline needs 7"],
  ])("%j is refused", async (info, sentence) => {
    await expect(check({ infos: [info] })).rejects.toMatchObject({
      fault: "unusable",
      message: expect.stringContaining(sentence),
    });
  });

  test.each([
    ["cluster", "write its address (--redis) as redis+cluster://host:6379"],
    ["sentinel", "write its address (--redis) as redis+sentinel://host:26379/master"],
  ])("a %s is refused under the address of one server", async (mode, sentence) => {
    const info = `redis_version:7.0.0\r\nredis_mode:${mode}\r\n`;
    await expect(check({ infos: [info] })).rejects.toMatchObject({
      fault: "unusable",
      message: expect.stringContaining(sentence),
    });
  });

  test("one old node of a cluster is enough to refuse it", async () => {
    await expect(check({ infos: ["redis_version:7.2.0", "redis_version:6.0.0"] })).rejects.toMatchObject({
      fault: "unusable",
    });
  });

  test.each(["allkeys-lru", "allkeys-lrm", "volatile-ttl"])(
    "one that evicts by %s is refused: keys of a running race expire too",
    async (policy) => {
      await expect(check({ nodes: [GOOD, { ...LIMITED, maxmemory_policy: policy }] })).rejects.toMatchObject({
        fault: "unusable",
        message: expect.stringMatching(`maxmemory-policy ${policy}.*: CONFIG SET maxmemory-policy noeviction`),
      });
    },
  );

  test.each<[string, Answers, RegExp | undefined]>([
    ["a limit without eviction", { nodes: [LIMITED] }, undefined],
    ["eviction without a limit", { nodes: [{ ...GOOD, maxmemory_policy: "allkeys-lfu" }] }, /CONFIG SET maxmemory-pol/],
    ["nothing of eviction", { nodes: [{ aof_enabled: "1" }] }, /see to it that maxmemory-policy is noeviction/],
    ["nothing on disk", { nodes: [GOOD, NO_FILE], settings: { save: "" } }, /CONFIG SET appendonly yes/],
    ["an RDB file", { nodes: [NO_FILE], settings: { appendonly: "no", save: "3600 1" } }, undefined],
    ["no file, and no more may be read", { nodes: [NO_FILE] }, /see to it that it writes to disk/],
    ["a default user that may do all", { mayDefaultUser: () => true }, undefined],
    ["one that may do nothing", { mayDefaultUser: () => false }, /: ACL SETUSER default off resetpass allkeys/],
    ["one that may not RPUSH", { mayDefaultUser: ([name]) => name !== "RPUSH" }, /issue 14541.*: ACL SETUSER default/],
    ["one without the entries", { mayDefaultUser: ([, key]) => !key?.endsWith(":entries") }, /: ACL SETUSER default/],
    [
      "one that may do nothing, without a file",
      { nodes: [NO_FILE], settings: { save: "60 1" }, mayDefaultUser: () => false },
      undefined,
    ],
  ])("%s: said in one line, or nothing where all is well", async (_what, answers, says) => {
    const lines = await check(answers);
    expect(lines).toHaveLength(says === undefined ? 0 : 1);
    if (says !== undefined) expect(lines[0]).toMatch(says);
  });
});
