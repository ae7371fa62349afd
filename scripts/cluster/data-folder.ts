import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";

const LOCK_FILE = "cluster.pid";

/**
 * Takes the folder for this process, makes the servers' folders in it, and empties them when asked to.
 * @returns the way to give it back
 * @throws ClusterError when another cluster runs on it
 */
export function takeDataFolder(data: string, isFresh: boolean): () => void {
  mkdirSync(data, { recursive: true });
  const lock = join(data, LOCK_FILE);
  writeLock(lock, data);
  for (const server of ["nats", "redis"]) {
    const folder = join(data, server);
    if (isFresh) rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  return () => rmSync(lock, { force: true });
}

function writeLock(lock: string, data: string): void {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: "wx" });
  } catch (error) {
    const holder = holderOf(lock);
    if (holder !== undefined && isAlive(holder)) {
      const text = `A cluster already runs on ${data} (process ${holder}): stop it, or use another --data folder.`;
      throw new ClusterError(text, { cause: error });
    }
    writeFileSync(lock, `${process.pid}`);
  }
}

function holderOf(lock: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(lock, "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
