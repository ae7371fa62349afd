import { Agent, request, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Health } from "./health.ts";
import { HttpServer, type HttpServerOptions, ListenError } from "./http-server.ts";
import { Metrics } from "./metrics.ts";

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

function make(overrides: Partial<HttpServerOptions> = {}): { server: HttpServer; health: Health; metrics: Metrics } {
  const health = new Health();
  const metrics = new Metrics(["gateway"]);
  const server = new HttpServer({ host: "127.0.0.1", port: 0, health, metrics, closeMsMax: 100, ...overrides });
  servers.push(server);
  return { server, health, metrics };
}

const url = (server: HttpServer, path: string) => `http://127.0.0.1:${server.port}${path}`;

/** Sends raw bytes and collects what comes back until the other side hangs up. */
async function exchange(server: HttpServer, sent: string): Promise<string> {
  const socket = await dial(server.server);
  let got = "";
  socket.on("data", (chunk) => {
    got += chunk.toString();
  });
  socket.write(sent);
  await new Promise((resolve) => socket.once("close", resolve));
  return got;
}

function dial(server: Server): Promise<Socket> {
  const { port } = server.address() as { port: number };
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", () => {});
  });
}

const upgradeOf = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;

test("what stops is not ready, and still serves", async () => {
  const { server } = make();
  server.app.get("/work", async () => "done");
  await server.start();
  server.health.stopping();
  const ready = await fetch(url(server, "/healthz/ready"));
  expect([ready.status, await ready.json()]).toEqual([503, { status: "not ready", reasons: { process: "stopping" } }]);
  expect((await fetch(url(server, "/healthz/live"))).status).toBe(200);
  expect(await (await fetch(url(server, "/work"))).text()).toBe("done");
});

test("the autoscaler gets how busy the process is, and what the service adds", async () => {
  const { server } = make({ scale: () => ({ clients: 3 }) });
  await server.start();
  const reading = (await (await fetch(url(server, "/scale"))).json()) as { busy: number };
  expect(reading).toEqual({ busy: expect.any(Number), clients: 3 });
  expect(reading.busy).toBeGreaterThanOrEqual(0);
  expect(reading.busy).toBeLessThanOrEqual(1);
});

test("liveness answers whatever the checks say, readiness tells what is wrong", async () => {
  const { server, health } = make();
  const fix = health.add("log", () => "the log is behind");
  await server.start();
  const live = await fetch(url(server, "/healthz/live"));
  expect([live.status, await live.json()]).toEqual([200, { status: "live" }]);
  const notReady = await fetch(url(server, "/healthz/ready"));
  expect([notReady.status, await notReady.json()]).toEqual([
    503,
    { status: "not ready", reasons: { log: "the log is behind" } },
  ]);
  fix();
  expect((await fetch(url(server, "/healthz/ready"))).status).toBe(200);
});

test("metrics are served as Prometheus reads them", async () => {
  const { server, metrics } = make();
  metrics.gauge({ name: "gateway_clients_count", help: "Clients" }).set(3);
  await server.start();
  const response = await fetch(url(server, "/metrics"));
  expect(response.headers.get("content-type")).toContain("text/plain");
  expect(await response.text()).toContain("gateway_clients_count 3");
});

test("a busy port is told in one sentence with what to do", async () => {
  const { server } = make();
  await server.start();
  const second = make({ port: server.port }).server;
  const error = await second.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ListenError);
  expect((error as Error).message).toBe(
    `Port ${server.port} is in use by another program: stop that one, or choose another port with --port.`,
  );
});

test("an address that this machine does not have is told so", async () => {
  await expect(make({ host: "192.0.2.1" }).server.start()).rejects.toThrow(
    "This machine has no address 192.0.2.1: choose another with --host, for example 127.0.0.1.",
  );
});

test("a body beyond the limit is refused with 413", async () => {
  const { server } = make({ bodyBytesMax: 100 });
  server.app.post("/push", async () => "taken");
  await server.start();
  const post = (body: string) =>
    fetch(url(server, "/push"), { method: "POST", body, headers: { "content-type": "application/json" } });
  expect((await post(JSON.stringify("x".repeat(50)))).status).toBe(200);
  expect((await post(JSON.stringify("x".repeat(200)))).status).toBe(413);
});

test("a request that never becomes whole is answered with 408 and cut", async () => {
  const { server } = make({ requestMsMax: 200 });
  server.app.post("/push", async () => "taken");
  await server.start();
  const head = "POST /push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
  expect(await exchange(server, head)).toMatch(/^HTTP\/1\.1 408 /);
  expect(await exchange(server, `${head}\r\n{"half`)).toMatch(/^HTTP\/1\.1 408 /);
});

test("a request that fails by our fault is logged, one that fails by the sender's is not", async () => {
  const logged: object[] = [];
  const { server } = make({ logger: { error: (fields) => logged.push(fields) } });
  const broken = new Error("broken");
  server.app.get("/broken", () => Promise.reject(broken));
  server.app.post("/push", async () => "taken");
  await server.start();
  expect((await fetch(url(server, "/broken"))).status).toBe(500);
  const notJson = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
  expect((await fetch(url(server, "/push"), notJson)).status).toBe(400);
  expect(logged).toEqual([{ err: broken, method: "GET", url: "/broken" }]);
});

test("upgrades go to the handler of their path, any other path gets a 404", async () => {
  const { server } = make();
  server.onUpgrade("/api/v1/feed", (_request, socket) => socket.end("feed"));
  server.onUpgrade("/api/v1/push", (_request, socket) => socket.end("push"));
  expect(() => server.onUpgrade("/api/v1/feed", () => {})).toThrow("has an upgrade handler already");
  await server.start();
  expect(await exchange(server, upgradeOf("/api/v1/feed?x=1"))).toBe("feed");
  expect(await exchange(server, upgradeOf("/api/v1/push"))).toBe("push");
  expect(await exchange(server, upgradeOf("/else"))).toMatch(
    /^HTTP\/1\.1 404 [\s\S]*There is no WebSocket at this path/,
  );
});

test("stopping answers running requests, ends keep-alive connections and takes no new ones", async () => {
  const { server } = make({ closeMsMax: 5_000 });
  const release = Promise.withResolvers<void>();
  server.app.get("/slow", async () => {
    await release.promise;
    return "done";
  });
  await server.start();
  const agent = new Agent({ keepAlive: true });
  const idle = await new Promise<number | undefined>((resolve) =>
    request(url(server, "/healthz/live"), { agent }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    }).end(),
  );
  expect(idle).toBe(200);
  const slow = fetch(url(server, "/slow"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const startMs = performance.now();
  const stopping = server.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  release.resolve();
  expect(await (await slow).text()).toBe("done");
  await stopping;
  expect(performance.now() - startMs).toBeLessThan(2_000);
  agent.destroy();
});

test("what still hangs at the deadline is cut: requests, half-sent requests and WebSockets", async () => {
  const { server } = make({ closeMsMax: 50 });
  const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [request, upgrade, everyConnection] = arrived.map(({ resolve }) => resolve);
  server.app.get("/never", () => {
    request?.();
    return new Promise(() => {});
  });
  server.onUpgrade("/feed", (_request, socket) => {
    socket.write("open");
    upgrade?.();
  });
  await server.start();
  let connections = 0;
  server.server.on("connection", () => {
    connections += 1;
    if (connections === 3) everyConnection?.();
  });
  const hanging = exchange(server, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  const half = exchange(server, "GET /never HTTP/1.1\r\nHo");
  const webSocket = exchange(server, upgradeOf("/feed"));
  // A stop takes no new connection, so all of them have to be there.
  await Promise.all(arrived.map(({ promise }) => promise));
  await server.stop();
  expect(await hanging).toBe("");
  await half;
  expect(await webSocket).toBe("open");
});
