import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Bytes that one direction of a connection may hold back; more, and the connection is cut, as a full buffer would. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The network between one process and one server, as a port of its own in front of that server: it can be slow, stand
 * still, be cut, and lead to another server from now on. While it stands still, bytes and the ends of connections wait
 * and arrive when it goes on, as on a network that was partitioned and healed.
 */
export class Wire {
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  readonly #state: WireState;

  private constructor(targetPort: number) {
    this.#state = { targetPort, delayMs: 0, isBlocked: false };
    this.#listener = createServer((client) => {
      const pair = new Pair(client, this.#state, () => this.#pairs.delete(pair));
      this.#pairs.add(pair);
    });
  }

  static async open(targetPort: number): Promise<Wire> {
    const wire = new Wire(targetPort);
    wire.#listener.listen(0, "127.0.0.1");
    await once(wire.#listener, "listening");
    return wire;
  }

  get port(): number {
    const address = this.#listener.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
    return address.port;
  }

  /** Whoever connects from now on comes to this port. */
  setTarget(port: number): void {
    this.#state.targetPort = port;
  }

  /** Every piece takes so long on its way, in each direction. */
  setDelay(delayMs: number): void {
    this.#state.delayMs = delayMs;
  }

  block(): void {
    this.#state.isBlocked = true;
  }

  unblock(): void {
    this.#state.isBlocked = false;
    for (const pair of this.#pairs) pair.goOn();
  }

  /** Ends all connections that are open now. */
  cut(): void {
    for (const pair of this.#pairs) pair.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}

interface WireState {
  targetPort: number;
  delayMs: number;
  isBlocked: boolean;
}

/** One connection through the wire. */
class Pair {
  readonly #client: Socket;
  readonly #state: WireState;
  readonly #onClose: () => void;
  #lanes: readonly Lane[] = [];
  #server: Socket | undefined;

  constructor(client: Socket, state: WireState, onClose: () => void) {
    this.#client = client;
    this.#state = state;
    this.#onClose = onClose;
    client.setNoDelay(true);
    client.on("error", () => undefined);
    this.goOn();
  }

  /** Connects to the server if that could not be done yet, and delivers what is due. */
  goOn(): void {
    if (this.#state.isBlocked) return;
    if (this.#server === undefined) {
      const server = connect(this.#state.targetPort, "127.0.0.1").setNoDelay(true);
      this.#server = server;
      server.on("error", () => undefined);
      server.on("close", () => this.#onClose());
      this.#lanes = [new Lane(this.#client, server, this.#state), new Lane(server, this.#client, this.#state)];
    }
    for (const lane of this.#lanes) lane.deliver();
  }

  destroy(): void {
    this.#client.destroy();
    this.#server?.destroy();
    for (const lane of this.#lanes) lane.stop();
    this.#onClose();
  }
}

interface Held {
  /** undefined: the connection ends here. */
  readonly bytes: Buffer | undefined;
  readonly dueMs: number;
}

/** One direction of a connection. */
class Lane {
  readonly #to: Socket;
  readonly #state: WireState;
  #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, state: WireState) {
    this.#to = to;
    this.#state = state;
    from.on("data", (bytes) => this.#take(bytes));
    from.on("close", () => this.#take(undefined));
    // It may have ended before anybody listened.
    if (from.destroyed) this.#take(undefined);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held = [];
  }

  deliver(): void {
    clearTimeout(this.#timer);
    while (this.#held.length > 0 && !this.#state.isBlocked) {
      const [next] = this.#held;
      const waitMs = (next?.dueMs ?? 0) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.deliver(), waitMs);
        return;
      }
      this.#held.shift();
      this.#heldBytes -= next?.bytes?.byteLength ?? 0;
      this.#give(next?.bytes);
    }
  }

  #take(bytes: Buffer | undefined): void {
    const { delayMs, isBlocked } = this.#state;
    if (this.#held.length === 0 && delayMs === 0 && !isBlocked) {
      this.#give(bytes);
      return;
    }
    this.#heldBytes += bytes?.byteLength ?? 0;
    if (this.#heldBytes > HELD_BYTES_MAX) {
      this.#to.destroy();
      return;
    }
    this.#held.push({ bytes, dueMs: performance.now() + delayMs });
    this.deliver();
  }

  #give(bytes: Buffer | undefined): void {
    if (bytes === undefined) this.#to.destroySoon();
    else if (!this.#to.destroyed) this.#to.write(bytes);
  }
}
