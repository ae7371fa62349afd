import { once } from "node:events";
import {
  ClientMessageSchema,
  create,
  type Fact,
  fromBinary,
  fromJsonString,
  type LiveValue,
  LiveValueSchema,
  type RaceClock,
  RaceClockSchema,
  type ServerMessage,
  ServerMessageSchema,
  SUBPROTOCOL_PROTO,
  subjects,
  toBinary,
  toJsonString,
} from "@burnline/contract";
import {
  createLogger,
  Health,
  HttpServer,
  MemoryEventLog,
  MemoryLiveChannel,
  Metrics,
  wallClock,
} from "@burnline/runtime";
import { WebSocket } from "ws";
import { createGateway, type Gateway, type GatewayOptions } from "../gateway.ts";
import { appendOf, RACE } from "./race-inputs.ts";

export interface Harness {
  readonly gateway: Gateway;
  readonly server: HttpServer;
  /** The value of an exported metric, with its labels as Prometheus writes them; 0 before it was touched. */
  metric(name: string): Promise<number>;
  readonly log: MemoryEventLog;
  readonly live: MemoryLiveChannel;
  readonly port: number;
  publish(live: LiveValue): void;
  append(...facts: Fact[]): Promise<void>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  readonly log?: MemoryEventLog;
  readonly port?: number;
  readonly assetsFolder?: string;
  readonly options?: GatewayOptions;
  readonly trustedProxies?: readonly string[];
  /** Leaves the gateway unstarted: routes are there, the view is not. */
  readonly unstarted?: boolean;
}

/** A whole gateway in this process on a free port. */
export async function startHarness(given: HarnessOptions = {}): Promise<Harness> {
  const log = given.log ?? new MemoryEventLog(wallClock);
  const live = new MemoryLiveChannel((error) => {
    throw error;
  });
  const metrics = new Metrics(["gateway"]);
  const health = new Health();
  const server = new HttpServer({
    host: "127.0.0.1",
    port: given.port ?? 0,
    health,
    metrics,
    closeMsMax: 500,
    trustedProxies: given.trustedProxies ?? [],
  });
  const raceClock = (): RaceClock => create(RaceClockSchema, { speed: 1 });
  const logger = createLogger({ service: "gateway", level: "silent", format: "json" });
  const gateway = createGateway({
    ...{ factLog: log, live, clock: wallClock, raceClock, race: RACE, server, metrics, logger, health },
    assetsFolder: given.assetsFolder ?? new URL("./no-assets", import.meta.url).pathname,
    options: given.options ?? {},
  });
  await server.start();
  if (given.unstarted !== true) await gateway.start();
  return {
    ...{ server, gateway, log, live },
    port: server.port,
    metric: async (name) => {
      const line = (await metrics.render()).split("\n").find((one) => one.startsWith(`${name} `));
      return line === undefined ? 0 : Number(line.slice(name.length + 1));
    },
    publish: (value) => live.publish(subjects.live(RACE, value.car), toBinary(LiveValueSchema, value)),
    append: async (...facts) => {
      await log.append(facts.map(appendOf));
    },
    stop: async () => {
      await gateway.stop();
      await server.stop();
    },
  };
}

/** What a test needs of a feed client: everything received so far, and waiting for the next of a kind. */
export class TestClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #woken: (() => void)[] = [];

  constructor(port: number, protocol: string | string[] = SUBPROTOCOL_PROTO, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/feed`, protocol, { headers });
    this.socket.on("message", (data, isBinary) => {
      const bytes = data as Buffer;
      this.messages.push(
        isBinary ? fromBinary(ServerMessageSchema, bytes) : fromJsonString(ServerMessageSchema, bytes.toString("utf8")),
      );
      for (const wake of this.#woken.splice(0)) wake();
    });
    this.socket.on("error", () => {});
    this.closed = once(this.socket, "close").then(([code, reason]) => ({ code, reason: String(reason) }));
  }

  async opened(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, "open");
    return this;
  }

  send(op: Parameters<typeof create<typeof ClientMessageSchema>>[1]): void {
    const message = create(ClientMessageSchema, op);
    if (this.socket.protocol === SUBPROTOCOL_PROTO) this.socket.send(toBinary(ClientMessageSchema, message));
    else this.socket.send(toJsonString(ClientMessageSchema, message));
  }

  subscribe(id: number, topic: string): void {
    this.send({ op: { case: "subscribe", value: { id, topic } } });
  }

  all<C extends Case>(kind: C): ValueOf<C>[] {
    return this.messages.flatMap((message) => (message.op.case === kind ? [message.op.value as ValueOf<C>] : []));
  }

  /** The first message of a kind that fits, now or later; the test's own time limit is the limit. */
  async first<C extends Case>(kind: C, fits: (value: ValueOf<C>) => boolean = () => true): Promise<ValueOf<C>> {
    for (;;) {
      const found = this.all(kind).find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#woken.push(resolve);
      });
    }
  }
}

type Operation = Exclude<ServerMessage["op"], { case: undefined }>;
type Case = Operation["case"];
type Values = { [O in Operation as O["case"]]: O["value"] };
type ValueOf<C extends Case> = Values[C];
