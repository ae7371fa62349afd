import { describe, expect, test } from "vitest";
import { parseRedisAddress, REDIS_NODES_MAX } from "./redis-address.ts";

const read = (text: string) => {
  const parsed = parseRedisAddress(text);
  return parsed.ok ? parsed.value : parsed.error;
};

describe("an address of Redis", () => {
  test("names one server", () => {
    expect(read("redis://db")).toMatchObject({
      type: "single",
      nodes: [{ host: "db", port: 6379 }],
      isTls: false,
      database: 0,
    });
    expect(read("rediss://10.0.0.1:7000/3")).toMatchObject({
      nodes: [{ host: "10.0.0.1", port: 7000 }],
      isTls: true,
      database: 3,
    });
    expect(read("redis://[::1]:7000")).toMatchObject({ nodes: [{ host: "::1", port: 7000 }] });
  });

  test("names sentinels and the master they know", () => {
    expect(read("redis+sentinel://a,b:1/race")).toMatchObject({
      type: "sentinel",
      masterName: "race",
      nodes: [
        { host: "a", port: 26379 },
        { host: "b", port: 1 },
      ],
    });
  });

  test("names nodes of a cluster", () => {
    expect(read("rediss+cluster://a:1,b:2")).toMatchObject({
      type: "cluster",
      isTls: true,
      nodes: [{ host: "a" }, { host: "b" }],
    });
  });

  test("carries user and password, percent-encoded, and never prints them", () => {
    expect(read("redis://app:p%40ss%3Aword@db:1/2")).toMatchObject({
      username: "app",
      password: "p@ss:word",
      text: "redis://db:1/2",
    });
    expect(read("redis://:secret@db")).toMatchObject({ username: undefined, password: "secret", text: "redis://db" });
  });

  test.each([
    ["localhost:6379", "this is no address of a Redis"],
    ["http://db", "this is no address of a Redis"],
    ["redis://", "this is no address of a Redis"],
    ["redis://db:port", "a host of db:port is wrong"],
    ["redis://db:0", "a host of db:0 is wrong"],
    ["redis://db:65536", "a host of db:65536 is wrong"],
    ["redis://a,b", "a,b are several hosts: say redis+cluster or redis+sentinel"],
    ["redis+sentinel://a", "the master's name is missing"],
    ["redis://db/first", "first is no number of a database"],
    ["redis+cluster://a/1", "a Redis Cluster has only database 0"],
    ["redis://:%zz@db", "user or password are not percent-encoded"],
    [`redis+cluster://${Array(REDIS_NODES_MAX + 1).fill("a")}`, "an address names at most 64 hosts, this one 65"],
  ])("%s is refused", (text, error) => {
    expect(read(text)).toContain(error);
  });

  test("what is wrong with an address is said without the password in it", () => {
    for (const text of [
      "redis://:secret@db:port",
      "redis://:secret@a,b",
      "http://:secret@db",
      "redis+sentinel://:secret@a",
    ]) {
      expect(read(text)).not.toContain("secret");
    }
  });
});
