import { Agent, request } from "node:http";
import { HarnessError } from "./harness-error.ts";

/** An ingest that has not answered for so long is not there any more: the next connection finds another. */
const ANSWER_MS_MAX = 1_000;

export interface PushAnswer {
  readonly accepted: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/** Tells apart what is tried again from what is wrong. */
export class PushAway extends Error {
  override readonly name = "PushAway";
}

/** Pushes messages into the ingest's Service over HTTP, one after the other on one connection. */
export class PushClient {
  readonly #url: string;
  readonly #token: string;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** @param url http://address:port of the Service */
  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** @throws PushAway when nobody took the message, HarnessError when it was refused as wrong */
  async push(path: "frames" | "events", body: Uint8Array): Promise<PushAnswer> {
    const { status, text } = await this.#post(path, body);
    if (status === 200) return JSON.parse(text) as PushAnswer;
    // 429: no room; 5xx: it goes. 4xx is ours.
    if (status === 429 || status >= 500) throw new PushAway(`${status} ${text}`);
    throw new HarnessError(`The ingest answered ${status}: ${text}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, body: Uint8Array): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const away = (error: Error) => {
        // Another connection: the Service leads it to another pod.
        this.#agent.destroy();
        this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
        reject(new PushAway(error.message, { cause: error }));
      };
      const headers = {
        "content-type": "application/x-protobuf",
        "content-length": body.length,
        authorization: `Bearer ${this.#token}`,
      };
      const sent = request(`${this.#url}/api/v1/ingest/${path}`, { method: "POST", agent: this.#agent, headers });
      const timer = setTimeout(() => sent.destroy(new Error("no answer in time")), ANSWER_MS_MAX);
      sent.on("error", (error) => {
        clearTimeout(timer);
        away(error);
      });
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
        });
        response.on("error", away);
        response.on("end", () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
      sent.end(body);
    });
  }
}
