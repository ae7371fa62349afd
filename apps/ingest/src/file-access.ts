import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { RandomAccess } from "./random-access.ts";
import { SourceError } from "./source.ts";

/** A file on disk as a RandomAccess. Each read opens nothing new; close() when done. */
export class FileAccess implements RandomAccess {
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** @throws SourceError when the path cannot be read or is not a file. */
  static async open(path: string): Promise<FileAccess> {
    const name = basename(path);
    let handle: FileHandle;
    try {
      handle = await open(path, "r");
    } catch (cause) {
      throw new SourceError(`${name}: the file cannot be opened (${errorCode(cause)}); check the path ${path}.`, {
        cause,
      });
    }
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      throw new SourceError(`${name}: this is not a file; name a telemetry file.`);
    }
    return new FileAccess(handle, stat.size);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function errorCode(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT") return "no such file";
  if (code === "EACCES" || code === "EPERM") return "no permission";
  return code === "" ? "unknown reason" : code;
}
