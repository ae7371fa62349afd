import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A port in front of a server, where a test can lose, hold and cut what goes through. */
export interface TcpProxy {
  readonly port: number;
  /** Connections so far. */
  accepted(): number;
  /** Whoever connects from now on comes to this port. */
  setTarget(port: number): void;
  /** The connections that are open now lose all that the server says; what is said to it arrives. */
  swallowReplies(): void;
  /** The connections that are open now keep all that is said to the server, until it is delivered. */
  holdRequests(): void;
  /** Resolves when the connections that hold have something to deliver. */
  held(): Promise<void>;
  /** Gives the server what was held, also of clients that have gone meanwhile; resolves when it was read and done. */
  deliverHeld(): Promise<void>;
  /** Forgets what was held. */
  dropHeld(): void;
  /** Ends all connections. */
  cut(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  swallowsReplies: boolean;
  holdsRequests: boolean;
  held: Buffer[];
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  let targetPort = target;
  let accepted = 0;
  let onHeld: (() => void) | undefined;
  const pairs = new Set<Pair>();
  const listener = createServer((client) => {
    accepted += 1;
    const pair: Pair = {
      client,
      server: connect(targetPort, "127.0.0.1"),
      swallowsReplies: false,
      holdsRequests: false,
      held: [],
    };
    pairs.add(pair);
    connectPair(pair, () => onHeld?.());
    pair.server.on("close", () => pairs.delete(pair));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  const cut = () => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  return {
    port: address.port,
    accepted: () => accepted,
    setTarget: (port) => {
      targetPort = port;
    },
    swallowReplies: () => {
      for (const pair of pairs) pair.swallowsReplies = true;
    },
    holdRequests: () => {
      for (const pair of pairs) pair.holdsRequests = true;
    },
    held: async () => {
      while (![...pairs].some(({ held }) => held.length > 0)) await new Promise<void>((resolve) => (onHeld = resolve));
    },
    deliverHeld: async () => {
      const holding = [...pairs].filter(({ held }) => held.length > 0);
      await Promise.all(holding.map(deliver));
    },
    dropHeld: () => {
      for (const pair of pairs) pair.held = [];
    },
    cut,
    close: async () => {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
}

function connectPair(pair: Pair, onHeld: () => void): void {
  const { client, server } = pair;
  client.on("data", (bytes) => {
    if (pair.holdsRequests) {
      pair.held.push(bytes);
      onHeld();
    } else {
      server.write(bytes);
    }
  });
  server.on("data", (bytes) => {
    if (!pair.swallowsReplies && !client.destroyed) client.write(bytes);
  });
  // A client that gives up does not take back what is still on its way.
  client.on("close", () => {
    if (pair.held.length === 0) server.destroy();
  });
  server.on("close", () => client.destroy());
  client.on("error", () => client.destroy());
  server.on("error", () => server.destroy());
}

async function deliver(pair: Pair): Promise<void> {
  const answered = once(pair.server, "data");
  pair.server.write(Buffer.concat(pair.held));
  pair.held = [];
  await answered;
  if (pair.client.destroyed) pair.server.destroy();
}
