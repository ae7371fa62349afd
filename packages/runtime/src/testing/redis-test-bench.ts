import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Commit, Lease } from "@burnline/stream";
import { createClient } from "redis";
import { expect } from "vitest";
import { createLogger } from "../log.ts";
import { connectRedis, type RedisConnection, type RedisOptions } from "../redis-connection.ts";
import type { RedisStateStore } from "../redis-state-store.ts";
import {
  type RealServer,
  type RealServerOptions,
  startRedisCluster,
  startRedisNode,
  startRedisSentinel,
  startRedisServer,
} from "./real-servers.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

export const silentLogger = createLogger({ service: "test", level: "silent", format: "json" });

/** What a test opens, and closes in reverse order. */
export class RedisTestBench {
  #closing: (() => Promise<void>)[] = [];

  async startServer(options?: RealServerOptions): Promise<RealServer> {
    const server = await startRedisServer(options);
    this.#closing.push(() => server.stop());
    return server;
  }

  async startCluster(args?: readonly string[]): Promise<RealServer> {
    const cluster = await startRedisCluster(args);
    this.#closing.push(() => cluster.stop());
    return cluster;
  }

  /** Masters that share the slots, and then as many replicas, one each; a silent master is replaced a second after the time. */
  async startClusterOf(masters: number, nodeTimeoutMs = 500): Promise<readonly RealServer[]> {
    const nodes: RealServer[] = [];
    for (let index = 0; index < 2 * masters; index++) {
      const node = await startRedisNode([
        ...["--cluster-node-timeout", String(nodeTimeoutMs), "--repl-diskless-sync-delay", "0"],
      ]);
      this.#closing.push(() => node.stop());
      nodes.push(node);
    }
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    clusterCommand("create", ...addresses, "--cluster-replicas", "1");
    return nodes;
  }

  async startSentinel(...args: Parameters<typeof startRedisSentinel>): Promise<RealServer> {
    const sentinel = await startRedisSentinel(...args);
    this.#closing.push(() => sentinel.stop());
    return sentinel;
  }

  /** Where a file of this content lies. */
  makeFile(content: string): string {
    const folder = mkdtempSync(join(tmpdir(), "burnline-file-"));
    this.#closing.push(async () => rmSync(folder, { recursive: true }));
    const path = join(folder, "content");
    writeFileSync(path, content);
    return path;
  }

  /** A certificate for localhost that is its own authority, and how a server is told to show it. */
  makeTlsSettings(): { readonly certificate: string; readonly args: readonly string[] } {
    const folder = mkdtempSync(join(tmpdir(), "burnline-tls-"));
    this.#closing.push(async () => rmSync(folder, { recursive: true }));
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const files = ["-keyout", key, "-out", certificate];
    execFileSync("openssl", ["req", "-x509", "-nodes", "-days", "2", ...curve, ...subject, ...files], {
      stdio: "ignore",
    });
    const args = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no"];
    return { certificate: readFileSync(certificate, "utf8"), args };
  }

  /** For what `connectRedis` does not take: a sentinel, one node of a cluster. */
  async connectBare(port: number): Promise<(args: readonly string[]) => Promise<unknown>> {
    const client = createClient({ socket: { host: "127.0.0.1", port } });
    // The test restarts servers; its commands fail then, which is enough.
    client.on("error", () => undefined);
    await client.connect();
    this.#closing.push(async () => client.destroy());
    return (args) => client.sendCommand(args);
  }

  async connect(address: string | { readonly port: number }, options: Partial<RedisOptions> = {}) {
    const text = typeof address === "string" ? address : `redis://127.0.0.1:${address.port}`;
    const connection = await connectRedis({ address: text, logger: silentLogger, ...options });
    this.#closing.push(() => connection.close());
    return connection;
  }

  async startProxy(port: number): Promise<TcpProxy> {
    const proxy = await startTcpProxy(port);
    this.#closing.push(() => proxy.close());
    return proxy;
  }

  async close(): Promise<void> {
    const closing = this.#closing.toReversed();
    this.#closing = [];
    for (const close of closing) await close();
  }
}

/** One of the commands of redis-cli that work on a whole cluster. */
export function clusterCommand(command: string, ...args: string[]): string {
  return execFileSync("redis-cli", ["--cluster", command, ...args, "--cluster-yes"], { encoding: "utf8" });
}

/** Runs one command, as redis-cli would. */
export async function redisCommand(connection: RedisConnection, ...args: string[]): Promise<unknown> {
  const [reply] = await connection.askAll(args);
  return reply;
}

/** The commit from `position` to the next: one car's state and one output, both named after the position. */
export function commitFrom(position: number): Commit {
  return {
    previousPosition: position,
    nextPosition: position + 1,
    schemaVersion: 1,
    changes: new Map([["car/24", Buffer.from(`state at ${position + 1}`)]]),
    outbox: [{ id: `output-${position + 1}`, subject: "fact.r.lap.24", payload: Uint8Array.of(position & 0xff) }],
  };
}

/** The store holds what the commits from 0 up to the position leave, each once. */
export async function expectStateAt(store: RedisStateStore, lease: Lease, position: number): Promise<void> {
  const state = await store.load(lease);
  expect(state?.position).toBe(position);
  expect(Buffer.from(state?.entries.get("car/24") ?? []).toString()).toBe(`state at ${position}`);
  const ids = (await store.outbox(lease, 100_000)).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: position }, (_, index) => `output-${index + 1}`));
}
