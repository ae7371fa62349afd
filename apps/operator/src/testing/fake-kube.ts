import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeApi } from "../kube-api.ts";
import { FakeObjects, type KubeObject } from "./fake-objects.ts";

export const NAMESPACE = "burnline";
const KINDS = {
  races: "burnline.dev/v1alpha1",
  deployments: "apps/v1",
  leases: "coordination.k8s.io/v1",
  events: "events.k8s.io/v1",
} as const;
type Plural = keyof typeof KINDS;

/** An API server as far as the operator uses it: lists, watches, versions that conflict, the status of a Race. */
export class FakeKube {
  readonly #server: Server;
  readonly #folder = mkdtempSync(join(tmpdir(), "burnline-kube-"));
  readonly #watchers = new Set<{ readonly plural: Plural; readonly response: ServerResponse }>();
  readonly #objects = new FakeObjects<Plural>((plural, type, object) => {
    for (const watcher of this.#watchers)
      if (watcher.plural === plural) watcher.response.write(`${JSON.stringify({ type, object })}\n`);
  });
  /** Names of Races whose status was written, by anybody. */
  readonly patched: string[] = [];
  /** Reads of the lease. */
  leaseReads = 0;
  isAway = false;

  static async start(): Promise<FakeKube> {
    const kube = new FakeKube();
    await new Promise<void>((resolve) => kube.#server.listen(0, "127.0.0.1", resolve));
    const { port } = kube.#server.address() as AddressInfo;
    const cluster = { name: "fake", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } };
    const context = { name: "fake", context: { cluster: "fake", user: "fake" } };
    const users = [{ name: "fake", user: {} }];
    const config = { clusters: [cluster], contexts: [context], users, "current-context": "fake" };
    writeFileSync(kube.kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", ...config }));
    return kube;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      if (this.isAway) request.destroy();
      else void this.#answer(request, response);
    });
  }

  get kubeconfig(): string {
    return join(this.#folder, "kubeconfig");
  }

  open(): KubeApi {
    return KubeApi.open({ kubeconfig: this.kubeconfig, namespace: NAMESPACE });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Every connection breaks, and new ones too until it is back. */
  goAway(): void {
    this.isAway = true;
    this.#server.closeAllConnections();
    this.#watchers.clear();
  }

  comeBack(): void {
    this.isAway = false;
  }

  put(plural: Plural, object: { readonly metadata: KubeObject["metadata"] } & Record<string, unknown>): KubeObject {
    const metadata = { namespace: NAMESPACE, ...object.metadata };
    return this.#objects.put(plural, { apiVersion: KINDS[plural], ...object, metadata });
  }

  remove(plural: Plural, name: string): void {
    this.#objects.remove(plural, name);
  }

  all(plural: Plural): readonly KubeObject[] {
    return this.#objects.all(plural);
  }

  get(plural: Plural, name: string): KubeObject | undefined {
    return this.#objects.get(plural, name);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const path = /^\/apis\/(.+)\/namespaces\/burnline\/(\w+)(?:\/([^/]+))?(\/status)?$/.exec(url.pathname);
    const [, group, word = "", name, status] = path ?? [];
    const plural = (Object.keys(KINDS) as Plural[]).find((one) => one === word && KINDS[one] === group);
    if (plural === undefined) return send(response, 404, { message: "404 page not found" });
    const verb = url.searchParams.has("watch")
      ? "watch"
      : name === undefined && request.method === "GET"
        ? "list"
        : request.method?.toLowerCase();
    if (verb === "watch") return this.#watch(plural, Number(url.searchParams.get("resourceVersion")), response);
    if (verb === "list") {
      const [label, value] = (url.searchParams.get("labelSelector") ?? "").split("=");
      const items = this.all(plural).filter(({ metadata }) => {
        const held = metadata.labels?.[label ?? ""];
        return label === "" || (held !== undefined && (value === undefined || held === value));
      });
      return send(response, 200, { items, metadata: { resourceVersion: this.#objects.version } });
    }
    const body = await readBody(request);
    if (verb === "get" && plural === "leases") this.leaseReads++;
    if (verb === "patch" && status !== undefined) this.patched.push(name ?? "");
    const { code, answer } = this.#objects.apply(plural, {
      verb: verb ?? "",
      name,
      isStatus: status !== undefined,
      body,
    });
    send(response, code, answer);
  }

  #watch(plural: Plural, since: number, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const watcher = { plural, response };
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
    for (const object of this.all(plural))
      if (Number(object.metadata.resourceVersion) > since)
        response.write(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
  }
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}
