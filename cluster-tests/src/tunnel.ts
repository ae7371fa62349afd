import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { PortForward } from "@kubernetes/client-node";
import type { Kube } from "./kube.ts";

/**
 * A port on this machine that leads to whichever pod carries the labels now, through the API server: past Services and
 * network policies, so that the judge needs no hole in either. A connection ends with its pod; the next one finds the next.
 */
export class Tunnel {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #kube: Kube;
  readonly #target: { readonly namespace: string; readonly labels: string; readonly port: number };

  private constructor(kube: Kube, target: { namespace: string; labels: string; port: number }) {
    this.#kube = kube;
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async open(kube: Kube, target: { namespace: string; labels: string; port: number }): Promise<Tunnel> {
    const tunnel = new Tunnel(kube, target);
    tunnel.#server.listen(0, "127.0.0.1");
    await once(tunnel.#server, "listening");
    return tunnel;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
    return address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    this.#lead(socket).catch(() => socket.destroy());
  }

  async #lead(socket: Socket): Promise<void> {
    const { namespace, labels, port } = this.#target;
    // What comes before the pod is found waits here.
    const input = socket.pipe(new PassThrough());
    const pods = await this.#kube.pods(namespace, labels);
    const pod = pods.find(({ metadata, status }) => status?.phase === "Running" && !metadata?.deletionTimestamp);
    if (pod?.metadata?.name === undefined) {
      socket.destroy();
      return;
    }
    const output = new Writable({
      write: (bytes, _encoding, done) => {
        if (!socket.destroyed) socket.write(bytes);
        done();
      },
    });
    // The pod's port says on this channel that nobody listens, or that it is gone.
    const faults = new Writable({
      write: (bytes, _encoding, done) => {
        if (bytes.length > 0) socket.destroy();
        done();
      },
    });
    const { name } = pod.metadata;
    const forward = new PortForward(this.#kube.config);
    const channel = await forward.portForward(namespace, name, [port], output, faults, input);
    if (typeof channel === "function") return;
    channel.on("close", () => socket.destroy());
    channel.on("error", () => socket.destroy());
    socket.on("close", () => channel.close());
  }
}
