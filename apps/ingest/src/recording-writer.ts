import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { encodeRecordingHeader, type RaceDefinition } from "@burnline/contract";
import { FileAccess } from "./file-access.ts";
import type { IngestLogger, IngestMetrics } from "./ingest-metrics.ts";
import type { ItemRecorder } from "./publisher.ts";
import { encodeRecordedItem, endOfWholeItems } from "./recording-file.ts";
import { SourceError, type SourceItem } from "./source.ts";

/** Bytes held before they are written; a killed process loses at most these and half a second of a live recording. */
const BUFFER_BYTES_MAX = 64 * 1024;
const BUFFER_MS_MAX = 500;

export interface RecordingWriterOptions {
  readonly path: string;
  readonly race: RaceDefinition;
  readonly startMs: number;
  readonly description: string;
  /** A live race goes on behind what the file already holds; a repeatable one is written anew from its start. */
  readonly continues: boolean;
  readonly metrics: IngestMetrics;
  readonly logger: IngestLogger;
}

/** Writes a recording beside a running race. When the disk fails, the recording ends and the race goes on. */
export class RecordingWriter implements ItemRecorder {
  readonly #handle: FileHandle;
  readonly #options: RecordingWriterOptions;
  #buffer: Uint8Array[] = [];
  #bufferBytes = 0;
  #position: number;
  #flushTimer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  private constructor(handle: FileHandle, position: number, options: RecordingWriterOptions) {
    this.#handle = handle;
    this.#position = position;
    this.#options = options;
  }

  /** @throws SourceError when the file cannot be written at all. */
  static async open(options: RecordingWriterOptions): Promise<RecordingWriter> {
    const { path, race, description, startMs } = options;
    try {
      const held = await wholeItemsIn(path, race.race);
      const end = options.continues ? held : 0;
      const handle = await open(path, end > 0 ? "r+" : "w");
      // A process that was killed may have left half an item.
      await handle.truncate(end);
      const writer = new RecordingWriter(handle, end, options);
      if (end === 0) writer.#add(encodeRecordingHeader(race, description, startMs));
      return writer;
    } catch (cause) {
      if (cause instanceof SourceError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SourceError(`The recording ${path} cannot be written (${why}); give another file to --record.`, {
        cause,
      });
    }
  }

  async write(item: SourceItem): Promise<void> {
    const bytes = this.#hasFailed ? undefined : encodeRecordedItem(item);
    if (bytes === undefined) return;
    this.#add(bytes);
    if (this.#bufferBytes >= BUFFER_BYTES_MAX) await this.#flush();
    else this.#flushTimer ??= setTimeout(() => void this.#flush(), BUFFER_MS_MAX);
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#handle.close();
  }

  #add(bytes: Uint8Array): void {
    this.#buffer.push(bytes);
    this.#bufferBytes += bytes.length;
  }

  #flush(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#writing = this.#writing.then(() => this.#writeOut());
    return this.#writing;
  }

  async #writeOut(): Promise<void> {
    if (this.#bufferBytes === 0 || this.#hasFailed) return;
    const bytes = Buffer.concat(this.#buffer);
    this.#buffer = [];
    this.#bufferBytes = 0;
    try {
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, this.#position);
        written += bytesWritten;
        this.#position += bytesWritten;
      }
    } catch (error) {
      this.#hasFailed = true;
      this.#options.metrics.recordingFailed();
      this.#options.logger.error(
        { err: error, path: this.#options.path },
        "the recording ended early; the race goes on",
      );
    }
  }
}

/**
 * Bytes of whole items that the file already holds; 0 for no file. A file that is something else is not overwritten.
 * @throws SourceError
 */
async function wholeItemsIn(path: string, race: string): Promise<number> {
  let access: FileAccess;
  try {
    access = await FileAccess.open(path);
  } catch (error) {
    if (error instanceof SourceError && isMissing(error.cause)) return 0;
    throw error;
  }
  try {
    return access.size === 0 ? 0 : await endOfWholeItems(access, basename(path), race);
  } finally {
    await access.close();
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
