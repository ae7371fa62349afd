import {
  ClientMessageSchema,
  create,
  fromBinary,
  PROTOCOL_VERSION,
  type ServerMessage,
  ServerMessageSchema,
  toBinary,
} from "@burnline/contract";
import type { Page, WebSocketRoute } from "playwright-core";
import { fixtureAlerts, fixtureHistory } from "./fixture-facts.ts";
import { type FixtureOptions, fixtureCars, fixtureRace } from "./fixture-race.ts";

const UPDATE_INTERVAL_MS = 100;

/**
 * Speaks the gateway's side of the feed to one page of a browser under test, with a made-up race. Everything that a
 * real gateway may do to a page is a method here: fall silent, drop the connection, refuse it, be of another version.
 */
export class FixtureFeed {
  protocolVersion = PROTOCOL_VERSION;
  isRefusing = false;
  isSilent = false;
  hasRace = true;
  readonly #options: FixtureOptions;
  readonly #sockets = new Map<WebSocketRoute, Map<number, string>>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: FixtureOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#update(), UPDATE_INTERVAL_MS);
  }

  async attach(page: Page): Promise<void> {
    await page.routeWebSocket(/\/api\/v1\/feed$/, (socket) => {
      if (this.isRefusing) return void socket.close({ code: 1013 });
      this.#sockets.set(socket, new Map());
      socket.onMessage((message) => this.#received(socket, message));
      socket.onClose(() => this.#sockets.delete(socket));
      const nowMs = Date.now();
      const hello = {
        protocolVersion: this.protocolVersion,
        serverVersion: "fixture",
        serverInstance: `fixture-${nowMs}`,
        serverTimeMs: nowMs,
        clock: { anchorEventMs: nowMs, anchorWallMs: nowMs, speed: 1 },
        maxUpdatesPerSecond: 1000 / UPDATE_INTERVAL_MS,
      };
      this.#say(socket, create(ServerMessageSchema, { op: { case: "hello", value: hello } }));
    });
  }

  /** As a gateway that is restarted. */
  drop(): void {
    for (const socket of this.#sockets.keys()) void socket.close({ code: 1012 });
    this.#sockets.clear();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.drop();
  }

  #received(socket: WebSocketRoute, message: string | Buffer): void {
    if (typeof message === "string") return;
    const { op } = fromBinary(ClientMessageSchema, message);
    if (op.case === "ping") {
      const { clientTimeMs } = op.value;
      this.#say(
        socket,
        create(ServerMessageSchema, { op: { case: "pong", value: { clientTimeMs, serverTimeMs: Date.now() } } }),
      );
    } else if (op.case === "unsubscribe") {
      this.#sockets.get(socket)?.delete(op.value.id);
    } else if (op.case === "subscribe") {
      const { id, topic } = op.value;
      this.#sockets.get(socket)?.set(id, topic);
      this.#say(
        socket,
        create(ServerMessageSchema, { op: { case: "snapshot", value: { id, topic, ...this.#content(topic) } } }),
      );
    }
  }

  #content(topic: string) {
    if (!this.hasRace) return {};
    const race = fixtureRace(this.#options, Date.now());
    if (topic === "board") return { race, cars: fixtureCars(this.#options, Date.now()) };
    if (topic === "alerts") return { race, alerts: fixtureAlerts() };
    const car = topic.slice("car/".length);
    return {
      race,
      cars: fixtureCars(this.#options, Date.now()).filter((view) => view.car === car),
      ...fixtureHistory(car),
    };
  }

  #update(): void {
    if (this.isSilent || !this.hasRace) return;
    const race = fixtureRace(this.#options, Date.now());
    const cars = fixtureCars(this.#options, Date.now()).filter((view) => !view.stale);
    for (const [socket, topics] of this.#sockets) {
      for (const [id, topic] of topics) {
        if (topic === "alerts") continue;
        const shown = topic === "board" ? cars : cars.filter((view) => `car/${view.car}` === topic);
        this.#say(socket, create(ServerMessageSchema, { op: { case: "delta", value: { id, race, cars: shown } } }));
      }
    }
  }

  #say(socket: WebSocketRoute, message: ServerMessage): void {
    socket.send(Buffer.from(toBinary(ServerMessageSchema, message)));
  }
}
