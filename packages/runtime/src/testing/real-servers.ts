import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { findProgram, goFolders } from "../program-path.ts";

/** A server of the test's own: free port, own folder, gone with the test. */
export interface RealServer {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Sends a signal. Resolves once the process has ended, or at once for signals that do not end it. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and folder; kills it first if it runs. */
  restart(): Promise<void>;
  /** Ends it and removes its folder, unless the folder was given. */
  stop(): Promise<void>;
}

export interface RealServerOptions {
  /** Kept by `stop`; otherwise a temporary folder is made and removed. */
  readonly folder?: string;
  readonly port?: number;
  /** Added to the command line. */
  readonly args?: readonly string[];
}

/** How to find a program and how it says that it is ready. */
interface Program {
  readonly name: string;
  readonly install: string;
  readonly scheme: string;
  readonly readyLine: RegExp;
  readonly args: (port: number, folder: string) => readonly string[];
}

/** A server that has not said that it is ready by then has failed. */
const READY_MS_MAX = 20_000;
const POLL_MS = 50;
/** Lines kept of what a server said, for the error message. */
const SAID_LINES_MAX = 20;

const NATS: Program = {
  name: "nats-server",
  install: "go install github.com/nats-io/nats-server/v2@v2.15.2",
  scheme: "nats",
  readyLine: /Server is ready/,
  args: (port, folder) => ["--addr", "127.0.0.1", "--port", `${port}`, "--jetstream", "--store_dir", folder],
};

const REDIS: Program = {
  name: "redis-server",
  install: "apt-get install redis-server",
  scheme: "redis",
  readyLine: /Ready to accept connections/,
  args: (port, folder) => [
    ...["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder],
    ...["--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"],
  ],
};

/** The keys of `startS3Server`. */
export const S3_KEYS = { accessKey: "burnline", secretKey: "burnline-secret" };

const S3: Program = {
  name: "versitygw",
  install: "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0",
  scheme: "http",
  readyLine: /S3 service listening on/,
  args: (port, folder) => {
    // What it knows of objects beyond their bytes lies beside them, so any file system will do.
    const [data, meta] = [join(folder, "data"), join(folder, "meta")];
    for (const path of [data, meta]) mkdirSync(path, { recursive: true });
    const { accessKey, secretKey } = S3_KEYS;
    return [
      ...["--port", `127.0.0.1:${port}`, "--access", accessKey, "--secret", secretKey],
      ...["posix", "--sidecar", meta, data],
    ];
  },
};

/** An S3 server: buckets are the folders in `<folder>/data`, objects the files in them. */
export function startS3Server(options: RealServerOptions = {}): Promise<RealServer> {
  return startServer(S3, options);
}

/** A nats-server with JetStream. */
export function startNatsServer(options: RealServerOptions = {}): Promise<RealServer> {
  return startServer(NATS, options);
}

/** A redis-server as production has it: append-only file, no eviction. */
export function startRedisServer(options: RealServerOptions = {}): Promise<RealServer> {
  return startServer(REDIS, options);
}

/** The nodes of a cluster speak with each other on a port so much higher. */
const CLUSTER_BUS_OFFSET = 10_000;

/** A node that belongs to no cluster yet. */
export async function startRedisNode(args: readonly string[] = []): Promise<RealServer> {
  let port = await freePort();
  while (port + CLUSTER_BUS_OFFSET > 65_535) port = await freePort();
  return startServer(REDIS, { port, args: ["--cluster-enabled", "yes", "--appendfsync", "always", ...args] });
}

/** A Redis Cluster of one node, which has all hash slots; what it answered survives its kill -9. */
export async function startRedisCluster(args: readonly string[] = []): Promise<RealServer> {
  const server = await startRedisNode(args);
  const password = args[args.indexOf("--requirepass") + 1];
  const login = args.includes("--requirepass") && password !== undefined ? ["--no-auth-warning", "-a", password] : [];
  const ask = (...command: string[]) =>
    execFileSync("redis-cli", ["-p", `${server.port}`, ...login, ...command], { encoding: "utf8" });
  ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  // It takes its slots some seconds after it was told.
  const startMs = performance.now();
  while (!ask("CLUSTER", "INFO").includes("cluster_state:ok")) {
    if (performance.now() - startMs > READY_MS_MAX)
      throw new Error(`the cluster on port ${server.port} does not become ready`);
    await sleep(POLL_MS);
  }
  return server;
}

/** A sentinel that alone decides who is master of the servers that it knows under this name. */
export function startRedisSentinel(
  masterName: string,
  masterPort: number,
  passwords: { readonly master?: string; readonly own?: string } = {},
): Promise<RealServer> {
  const settings = (port: number, folder: string) =>
    [
      ...[`bind 127.0.0.1`, `port ${port}`, `dir ${folder}`],
      ...[
        `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} 1`,
        `sentinel down-after-milliseconds ${masterName} 500`,
      ],
      ...(passwords.master === undefined ? [] : [`sentinel auth-pass ${masterName} ${passwords.master}`]),
      ...(passwords.own === undefined ? [] : [`requirepass ${passwords.own}`]),
    ].join("\n");
  const program: Program = {
    ...REDIS,
    readyLine: /\+monitor master/,
    args: (port, folder) => {
      // It writes what it learns into the same file.
      const path = join(folder, "sentinel.conf");
      writeFileSync(path, settings(port, folder));
      return [path, "--sentinel"];
    },
  };
  return startServer(program, {});
}

/**
 * Where nobody is: tcpmux, below what a system hands out. A port that was free a moment ago may be the next test's server by the
 * time that somebody knocks there.
 */
export const NOBODYS_PORT = 1;

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  return address.port;
}

async function startServer(program: Program, options: RealServerOptions): Promise<RealServer> {
  const path = pathOf(program);
  const port = options.port ?? (await freePort());
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), `burnline-${program.name}-`));
  const start = () => startProcess(program, path, [...program.args(port, folder), ...(options.args ?? [])]);
  let child = await start();
  const kill = (signal: NodeJS.Signals) => endProcess(child, signal);
  return {
    url: `${program.scheme}://127.0.0.1:${port}`,
    port,
    folder,
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    restart: async () => {
      await kill("SIGKILL");
      child = await start();
    },
    stop: async () => {
      await kill("SIGKILL");
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startProcess(program: Program, path: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string) => reject(new Error(`${program.name} ${why}:\n${said.join("\n")}`));
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on("line", (line) => {
      said.push(line);
      if (said.length > SAID_LINES_MAX) said.shift();
      if (program.readyLine.test(line)) resolve();
    });
  }
  child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
  const timer = setTimeout(() => fail("did not become ready"), READY_MS_MAX);
  try {
    await promise;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return child;
}

const ENDING = new Set<NodeJS.Signals>(["SIGKILL", "SIGTERM", "SIGINT", "SIGQUIT"]);

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (!ENDING.has(signal)) {
    child.kill(signal);
    return;
  }
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

/** On the PATH, or where `go install` puts programs. */
function pathOf({ name, install }: Program): string {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...goFolders(process.env.GOPATH, homedir())];
  const path = findProgram([name], folders);
  if (path === undefined) throw new Error(`${name} is not installed, these tests need it: ${install}`);
  return path;
}
