import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis, createLogger, type RedisConnection } from "@burnline/runtime";
import { type RealServer, startRedisServer } from "@burnline/runtime/testing";
import { assert } from "@burnline/std";

/** A replica that is not in step by then will not be. */
const SYNC_MS_MAX = 20_000;
const LOOK_MS = 20;

const silent = createLogger({ service: "chaos", level: "silent", format: "json" });

/** A Redis with a replica, and the commands of whoever operates them. */
export class RedisPair {
  #master: RealServer;
  #replica: RealServer;

  private constructor(master: RealServer, replica: RealServer) {
    this.#master = master;
    this.#replica = replica;
  }

  static async start(): Promise<RedisPair> {
    const pair = new RedisPair(await startRedisServer(), await startRedisServer());
    await pair.#follow();
    return pair;
  }

  get port(): number {
    return this.#master.port;
  }

  /** Killed and started from its append-only file. */
  restart(): Promise<void> {
    return this.#master.restart();
  }

  pause(): Promise<void> {
    return this.#master.kill("SIGSTOP");
  }

  goOn(): Promise<void> {
    return this.#master.kill("SIGCONT");
  }

  async flushAll(): Promise<void> {
    await this.#tell(this.#master, "FLUSHALL");
  }

  async killClients(): Promise<void> {
    await this.#tell(this.#master, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  }

  /**
   * The replica hears nothing more, `lostMs` later the master dies, and the replica takes its place: `redirect` is told
   * its port. The former master comes back as its replica.
   */
  async failOver(lostMs: number, redirect: (port: number) => void): Promise<void> {
    await this.#inStep();
    await this.#tell(this.#replica, "REPLICAOF", "NO", "ONE");
    await sleep(lostMs);
    const former = this.#master;
    await former.kill("SIGKILL");
    this.#master = this.#replica;
    this.#replica = former;
    redirect(this.#master.port);
    await former.restart();
    await this.#follow();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#master.stop(), this.#replica.stop()]);
  }

  async #follow(): Promise<void> {
    await this.#tell(this.#replica, "REPLICAOF", "127.0.0.1", String(this.#master.port));
    await this.#inStep();
  }

  async #inStep(): Promise<void> {
    const deadlineMs = performance.now() + SYNC_MS_MAX;
    for (;;) {
      const info = String(await this.#tell(this.#replica, "INFO", "replication"));
      if (/^master_link_status:up/m.test(info)) return;
      assert(performance.now() < deadlineMs, `the Redis replica did not come into step:\n${info}`);
      await sleep(LOOK_MS);
    }
  }

  async #tell(server: RealServer, ...command: string[]): Promise<unknown> {
    let connection: RedisConnection | undefined;
    try {
      connection = await connectRedis({ address: server.url, logger: silent });
      const [reply] = await connection.askAll(command);
      return reply;
    } finally {
      await connection?.close();
    }
  }
}
