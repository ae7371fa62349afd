import {
  ClientMessageSchema,
  create,
  fromBinary,
  ServerMessageSchema,
  SUBPROTOCOL_PROTO,
  subjects,
  toBinary,
} from "@burnline/contract";
import type { EventLog, LogReader } from "@burnline/stream";
import { BenchError } from "./bench-command.ts";
import type { SeenFact } from "./race-replay.ts";

const READ_RECORDS = 500;
const READ_MS = 1_000;
const FEED_PATH = "/api/v1/feed";
const TOPIC = "board";

/** Hears the facts of a race as its gateways do: the same subscription. Nothing is decoded while it listens. */
export class FactWatch {
  readonly seen: SeenFact[] = [];
  readonly #reader: LogReader;
  readonly #reading: Promise<void>;
  #isClosed = false;

  private constructor(reader: LogReader, nowMs: () => number) {
    this.#reader = reader;
    this.#reading = this.#read(nowMs);
  }

  static async open(factLog: EventLog, race: string, nowMs: () => number): Promise<FactWatch> {
    return new FactWatch(await factLog.open({ after: 0, subjectPrefix: subjects.factsOfRace(race) }), nowMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader.close();
    await this.#reading;
  }

  async #read(nowMs: () => number): Promise<void> {
    while (!this.#isClosed) {
      const records = await this.#reader.next(READ_RECORDS, READ_MS);
      const seenMs = nowMs();
      for (const { subject, payload, appendedAtMs } of records) {
        this.seen.push({ subject, payload, saidMs: appendedAtMs, seenMs });
      }
    }
  }
}

/** A WebSocket client of a gateway that looks at the board. Nothing is decoded while it listens. */
export class FeedWatch {
  readonly #socket: WebSocket;
  readonly #messages: { readonly bytes: Uint8Array; readonly shownMs: number }[] = [];
  #closedWith: number | undefined;

  private constructor(socket: WebSocket, nowMs: () => number) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#messages.push({ bytes: new Uint8Array(data as ArrayBuffer), shownMs: nowMs() });
    });
    socket.addEventListener("close", ({ code }) => {
      this.#closedWith = code;
    });
  }

  static async open(port: number, nowMs: () => number): Promise<FeedWatch> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${FEED_PATH}`, SUBPROTOCOL_PROTO);
    socket.binaryType = "arraybuffer";
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new BenchError("The gateway does not take a WebSocket client.")));
    const watch = new FeedWatch(socket, nowMs);
    await promise;
    const op = { case: "subscribe", value: { id: 1, topic: TOPIC } } as const;
    socket.send(toBinary(ClientMessageSchema, create(ClientMessageSchema, { op })));
    return watch;
  }

  /** @throws BenchError when the gateway has sent it away meanwhile */
  close(): void {
    if (this.#closedWith !== undefined)
      throw new BenchError(`The gateway closed the client's connection with ${this.#closedWith}.`);
    this.#socket.close();
  }

  /** When each window was first shown, by car and start; what a gateway merges away is not among them. */
  shown(): ReadonlyMap<string, number> {
    const shown = new Map<string, number>();
    for (const { bytes, shownMs } of this.#messages) {
      const { op } = fromBinary(ServerMessageSchema, bytes);
      if (op.case !== "delta" && op.case !== "snapshot") continue;
      for (const { car, lastWindow } of op.value.cars) {
        const key = `${car}:${lastWindow?.startMs ?? 0}`;
        if (lastWindow !== undefined && !shown.has(key)) shown.set(key, shownMs);
      }
    }
    return shown;
  }
}
