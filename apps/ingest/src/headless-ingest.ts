import type { LogAppend } from "@burnline/stream";
import type { IngestCounts } from "./ingest-counts.ts";
import { IngestSession, TRAILING_TICKS } from "./ingest-session.ts";
import { type Source, SourceError } from "./source.ts";

/**
 * A source as the records that the live chain would append, in the same order, as fast as they are asked for. No clock,
 * no log: the caller decides where the records go.
 */
export class HeadlessIngest {
  readonly #source: Source;
  readonly #session: IngestSession;

  /** @throws SourceError for a live source, which has no end. */
  constructor(source: Source) {
    if (source.live)
      throw new SourceError(`${source.description}: a live source cannot be read headless; use a recording.`);
    this.#source = source;
    this.#session = new IngestSession(source);
  }

  get counts(): IngestCounts {
    return this.#session.counts;
  }

  /** Once per instance. @throws SourceError when the source turns out to be damaged. */
  async *appends(): AsyncGenerator<readonly LogAppend[]> {
    const session = this.#session;
    yield session.start();
    for await (const item of this.#source.items()) {
      while (session.tickDue(item.arrivalMs)) yield session.tick();
      const { appends } = session.accept(item);
      if (appends.length > 0) yield appends;
    }
    for (let count = 0; count < TRAILING_TICKS; count++) yield session.tick();
  }
}
