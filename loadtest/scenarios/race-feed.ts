import { setTimeout } from "k6/timers";
import { type MessageEvent, WebSocket } from "k6/websockets";
import { ByteSink } from "../src/byte-sink.ts";
import { type CarHead, FrameTape } from "../src/frame-tape.ts";
import { feedUntilSeconds } from "../src/load-plan.ts";
import { FRAME_MS } from "../src/profile.ts";
import { carId } from "../src/race-messages.ts";
import { Unacknowledged } from "../src/unacknowledged.ts";
import { counters } from "./load-counters.ts";
import { LOADED_RACE, OPEN, profile, socketUrl } from "./loaded-race.ts";

const PUSH_PATH = "/api/v1/ingest/ws";
const RETRY_MS = 100;
/** What has no answer so long after the end has been lost. */
const LAST_ANSWER_MS_MAX = 10_000;
const MESSAGE_BYTES = 16 * 1024;

interface Answer {
  readonly accepted?: number;
  readonly rejected?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string };
}

/** Some of the cars on one push connection: a message with a frame of each, ten times a second, at their own moment. */
export class RaceFeed {
  readonly #tape = new FrameTape(profile);
  readonly #cars: readonly { readonly head: CarHead; readonly lapsAhead: number }[];
  readonly #waiting = new Unacknowledged();
  readonly #sink = new ByteSink(MESSAGE_BYTES);
  readonly #startMs: number;
  readonly #offsetMs: number;
  readonly #untilMs: number;
  /** Event time of the next frames. */
  #nextMs: number;
  #socket: WebSocket | undefined;
  #isOver = false;
  #done: () => void = () => {};

  constructor(index: number, startMs: number, offsetMs: number) {
    this.#startMs = startMs;
    this.#offsetMs = offsetMs;
    this.#untilMs = startMs + feedUntilSeconds(profile) * 1_000;
    this.#nextMs = startMs + Math.floor((index * FRAME_MS) / profile.feeds);
    this.#cars = Array.from({ length: profile.cars }, (_, car) => car)
      .filter((car) => car % profile.feeds === index)
      .map((car) => ({ head: this.#tape.headOf(carId(car)), lapsAhead: 0.9 * (1 - car / profile.cars) }));
  }

  async run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#connect();
    this.#sendDue();
    await over;
  }

  #nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  #connect(): void {
    const socket = new WebSocket(socketUrl(LOADED_RACE.ingestUrl, PUSH_PATH), null, {
      headers: LOADED_RACE.authorization,
    });
    this.#socket = socket;
    socket.onopen = () => {
      for (const message of this.#waiting.messages()) socket.send(message);
    };
    socket.onmessage = (event?: MessageEvent) => this.#answered(JSON.parse(`${event?.data}`) as Answer);
    socket.onclose = () => {
      if (this.#isOver) return;
      counters.unexpectedCloses.add(1, { reason: "feed" });
      setTimeout(() => this.#connect(), RETRY_MS);
    };
  }

  /** A frame leaves when its last sample has happened; what is due after a pause of ours leaves at once. */
  #sendDue(): void {
    while (this.#nextMs + FRAME_MS <= this.#nowMs() && this.#nextMs < this.#untilMs) {
      for (const { head, lapsAhead } of this.#cars) {
        this.#tape.append(this.#sink, head, this.#nextMs, this.#startMs, lapsAhead);
      }
      counters.sentLate.add(this.#nowMs() - this.#nextMs - FRAME_MS);
      this.#send(this.#sink.take().buffer);
      this.#nextMs += FRAME_MS;
    }
    if (this.#nextMs >= this.#untilMs) this.#awaitAnswers(this.#nowMs() + LAST_ANSWER_MS_MAX);
    else setTimeout(() => this.#sendDue(), Math.max(1, this.#nextMs + FRAME_MS - this.#nowMs()));
  }

  #send(message: ArrayBuffer): void {
    const frames = this.#cars.length;
    counters.framesSent.add(frames);
    const givenUp = this.#waiting.add(message, frames);
    if (givenUp > 0) counters.drops.add(givenUp, { reason: "no-room" });
    if (this.#socket?.readyState === OPEN) this.#socket.send(message);
  }

  #answered({ accepted, rejected, error }: Answer): void {
    const frames = this.#waiting.answered();
    if (error !== undefined) counters.drops.add(frames, { reason: error.code });
    if (accepted !== undefined && accepted > 0) counters.framesAcked.add(accepted);
    for (const [reason, count] of Object.entries(rejected ?? {})) counters.drops.add(count, { reason });
  }

  #awaitAnswers(untilMs: number): void {
    const { frames } = this.#waiting;
    if (frames > 0 && this.#nowMs() < untilMs) {
      setTimeout(() => this.#awaitAnswers(untilMs), FRAME_MS);
      return;
    }
    if (frames > 0) counters.drops.add(frames, { reason: "not-acknowledged" });
    this.#isOver = true;
    this.#socket?.close();
    this.#done();
  }
}
