import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A server that says how old it is and does nothing else. */
export interface OldServer {
  readonly url: string;
  close(): Promise<void>;
}

const OLD_NATS = { server_id: "old", version: "2.9.25", proto: 1, max_payload: 1_048_576, headers: true };
const OLD_REDIS = "# Server\r\nredis_version:6.2.14\r\nredis_mode:standalone\r\n";

export function startOldNats(): Promise<OldServer> {
  return listen("nats", (socket) => {
    socket.write(`INFO ${JSON.stringify(OLD_NATS)}\r\n`);
    socket.on("data", (bytes) => {
      for (const _ of bytes.toString("latin1").matchAll(/^PING\r$/gm)) socket.write("PONG\r\n");
    });
  });
}

export function startOldRedis(): Promise<OldServer> {
  return listen("redis", (socket) => {
    socket.on("data", (bytes) => {
      // Commands come whole here: the name is the first string of each array.
      for (const [, name = ""] of bytes.toString("latin1").matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g)) {
        if (name === "HELLO") socket.write("%1\r\n$5\r\nproto\r\n:3\r\n");
        else if (name === "INFO") socket.write(`$${OLD_REDIS.length}\r\n${OLD_REDIS}\r\n`);
        else socket.write("+OK\r\n");
      }
    });
  });
}

async function listen(scheme: string, serve: (socket: Socket) => void): Promise<OldServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // Whoever refuses us goes without a word.
    socket.on("error", () => {});
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  return {
    url: `${scheme}://127.0.0.1:${address.port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
