import { finished } from "node:stream/promises";
import type { FastifyInstance, HttpServer } from "@burnline/runtime";
import type { Result } from "@burnline/std";
import type { IngestLogger, IngestMetrics } from "./ingest-metrics.ts";
import { PUSH_ANSWERS, pushEntries } from "./push-answer.ts";
import {
  decodeBinaryEvents,
  decodeBinaryFrames,
  decodeJsonEvents,
  decodeJsonFrames,
  PUSH_MESSAGE_BYTES_MAX,
  type PushEntry,
  type PushFault,
} from "./push-decoder.ts";
import { PushSocket } from "./push-socket.ts";
import type { PushSource } from "./push-source.ts";
import { SENDER_ANSWERS, SenderCheck } from "./sender-check.ts";

export interface PushEndpointOptions {
  readonly server: HttpServer;
  readonly source: PushSource;
  /** Bearer token; without one only this machine may push. */
  readonly token?: string;
  readonly metrics: IngestMetrics;
  readonly logger: IngestLogger;
}

/** A message that is too large is read to its end and thrown away, up to this; a larger one is cut off. */
const DRAINED_BYTES_MAX = 64 * 1024 * 1024;

/** How long a sender should wait before it repeats a message that found the queue full. */
const RETRY_AFTER_S = 1;

/**
 * Takes frames and events over HTTP and WebSocket into a push source:
 * POST /api/v1/ingest/frames, POST /api/v1/ingest/events, WebSocket /api/v1/ingest/ws.
 * Every message is answered, after the log has it, with {accepted, rejected: {reason: count}}.
 */
export class PushEndpoint {
  readonly #options: PushEndpointOptions;
  readonly #check: SenderCheck;
  readonly #socket: PushSocket;

  constructor(options: PushEndpointOptions) {
    this.#options = options;
    this.#check = new SenderCheck(options.token);
    this.#socket = new PushSocket({ ...options, check: this.#check });
    // In a scope of its own, so that the content types read here are read nowhere else.
    options.server.app.register(async (scope) => this.#addRoutes(scope));
  }

  /** Closes the WebSockets; senders connect again. */
  async close(): Promise<void> {
    await this.#socket.close();
  }

  #addRoutes(scope: FastifyInstance): void {
    const { metrics, source } = this.#options;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: PUSH_MESSAGE_BYTES_MAX }, (_request, body, done) =>
      done(null, body),
    );
    scope.addHook("onRequest", async (request, reply) => {
      const fault = this.#check.faultOf({ headers: request.headers, remoteAddress: request.socket.remoteAddress });
      if (fault === undefined) return;
      metrics.pushRefused(fault);
      const { status, message } = SENDER_ANSWERS[fault];
      return reply.code(status).send({ error: { code: fault, message } });
    });
    scope.setErrorHandler((error, _request, reply) => {
      const isTooLarge = error instanceof Error && "statusCode" in error && error.statusCode === 413;
      if (!isTooLarge) throw error;
      metrics.pushRefused("too-large");
      return reply.code(413).send({ error: { code: "too-large", message: PUSH_ANSWERS["too-large"].message } });
    });
    // Closing while the sender still sends would reset its connection before it can read the answer.
    scope.addHook("onRequest", async (request) => {
      const declaredBytes = Number(request.headers["content-length"]);
      if (!(declaredBytes > PUSH_MESSAGE_BYTES_MAX && declaredBytes <= DRAINED_BYTES_MAX)) return;
      await drain(request.raw);
      throw Object.assign(new Error("the message is too large"), { statusCode: 413 });
    });
    const options = { bodyLimit: PUSH_MESSAGE_BYTES_MAX };
    scope.post("/api/v1/ingest/frames", options, (request, reply) =>
      this.#answer(reply, request.body, decodeBody(request, decodeBinaryFrames, decodeJsonFrames)),
    );
    const race = source.race.race;
    scope.post("/api/v1/ingest/events", options, (request, reply) =>
      this.#answer(
        reply,
        request.body,
        decodeBody(
          request,
          (bytes) => decodeBinaryEvents(bytes, race),
          (text) => decodeJsonEvents(text, race),
        ),
      ),
    );
  }

  async #answer(reply: Reply, body: unknown, decoded: Result<readonly PushEntry[], PushFault>) {
    const outcome = await pushEntries(this.#options, decoded, body instanceof Uint8Array ? body.length : 0);
    if ("ack" in outcome) return reply.code(200).send(outcome.ack);
    const { status, message } = PUSH_ANSWERS[outcome.fault];
    if (outcome.fault === "queue-full") reply.header("retry-after", String(RETRY_AFTER_S));
    return reply.code(status).send({ error: { code: outcome.fault, message } });
  }
}

/** The part of a fastify reply that is used here. */
interface Reply {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: object): Reply;
}

function decodeBody(
  request: { readonly headers: { readonly "content-type"?: string | undefined }; readonly body: unknown },
  decodeBinary: (bytes: Uint8Array) => Result<readonly PushEntry[], PushFault>,
  decodeJson: (text: string) => Result<readonly PushEntry[], PushFault>,
): Result<readonly PushEntry[], PushFault> {
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  switch (type.trim().toLowerCase()) {
    case "application/x-protobuf":
    case "application/protobuf":
    case "application/octet-stream":
      return decodeBinary(body);
    case "application/json":
      return decodeJson(new TextDecoder().decode(body));
    default:
      return { ok: false, error: "unknown-content-type" };
  }
}

/** Resolves also when the sender gives up. */
async function drain(body: NodeJS.ReadableStream): Promise<void> {
  body.resume();
  await finished(body).catch(() => undefined);
}
