import { ErrorReply } from "redis";
import { describe, expect, test } from "vitest";
import { createLogger } from "./log.ts";
import { checkRedis } from "./redis-checks.ts";

const GOOD = { maxmemory: "0", "maxmemory-policy": "noeviction", appendonly: "yes", save: "" };

/** What is said of servers that answer like this. */
async function check(infos: readonly string[], settings: readonly Record<string, string>[] | "not allowed") {
  const lines: string[] = [];
  const logger = createLogger({ service: "test", level: "warn", format: "lines", write: (line) => lines.push(line) });
  const askAll = async (args: readonly string[]) => {
    if (args[0] === "INFO") return infos.map((info) => Buffer.from(info));
    if (settings === "not allowed") throw new ErrorReply("NOPERM no permissions to run config");
    return settings;
  };
  await checkRedis({ place: "redis://db", isCluster: false, askAll }, logger);
  return lines;
}

describe("a server is checked when it is connected", () => {
  test.each([
    ["# Server\r\nredis_version:7.0.15\r\n"],
    ["# Server\r\nredis_version:8.2.1\r\n"],
    ["# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n"],
  ])("%j is taken", async (info) => {
    expect(await check([info], [GOOD])).toEqual([]);
  });

  test.each([
    ["redis_version:6.2.14\r\n", "is 6.2.14, Burnline needs 7 or newer, or Valkey: upgrade that server"],
    ["nothing known", "is of unknown version, Burnline needs 7"],
  ])("%j is refused", async (info, sentence) => {
    await expect(check([info], [GOOD])).rejects.toMatchObject({
      fault: "unusable",
      message: expect.stringContaining(sentence),
    });
  });

  test.each([
    ["cluster", "write its address (--redis) as redis+cluster://host:6379"],
    ["sentinel", "write its address (--redis) as redis+sentinel://host:26379/master"],
  ])("a %s is refused under the address of one server", async (mode, sentence) => {
    const info = `redis_version:7.0.0\r\nredis_mode:${mode}\r\n`;
    await expect(check([info], [GOOD])).rejects.toMatchObject({
      fault: "unusable",
      message: expect.stringContaining(sentence),
    });
  });

  test("one old node of a cluster is enough to refuse it", async () => {
    await expect(check(["redis_version:7.2.0", "redis_version:6.0.0"], [GOOD, GOOD])).rejects.toMatchObject({
      fault: "unusable",
    });
  });

  test.each([
    [{ "maxmemory-policy": "allkeys-lfu" }, 1],
    [{ "maxmemory-policy": "volatile-ttl", maxmemory: "1000000000" }, 1],
    [{ appendonly: "no" }, 1],
    [{ appendonly: "no", save: "3600 1 300 100" }, 0],
    [{ appendonly: "no", "maxmemory-policy": "allkeys-random" }, 2],
    [{ maxmemory: "1000000000" }, 0],
  ])("%j gives %i warnings of one line", async (settings, count) => {
    const lines = await check(["redis_version:7.0.0"], [{ ...GOOD, ...settings }]);
    expect(lines).toHaveLength(count);
    for (const line of lines) expect(line).toMatch(/CONFIG SET/);
  });

  test("a server that evicts what we write is refused", async () => {
    const settings = { ...GOOD, maxmemory: "1000000000", "maxmemory-policy": "allkeys-lru" };
    await expect(check(["redis_version:7.0.0"], [settings])).rejects.toMatchObject({ fault: "unusable" });
  });

  test("settings that may not be read are asked for in one line", async () => {
    expect(await check(["redis_version:7.0.0"], "not allowed")).toHaveLength(1);
  });
});
