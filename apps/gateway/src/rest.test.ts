import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openApiDocument } from "./openapi.ts";
import { type Harness, startHarness } from "./testing/gateway-harness.ts";
import { lapFact, liveValue, raceFact, strategyFact } from "./testing/race-inputs.ts";

let assetsFolder: string;
let harness: Harness;

beforeEach(async () => {
  assetsFolder = await mkdtemp(join(tmpdir(), "burnline-assets-"));
  harness = await startHarness({ assetsFolder });
});

afterEach(async () => {
  await harness.stop();
  await rm(assetsFolder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  harness.server.app.inject({ method: "GET", url: path, headers });

async function fillRace(): Promise<void> {
  const laps = Array.from({ length: 150 }, (_, lap) => lapFact("24", lap + 1));
  await harness.append(raceFact(["4", "24"]), ...laps, strategyFact("24", 150));
  harness.publish(liveValue("24", 100));
  await vi.waitFor(() => expect(harness.gateway.view.car("24")?.laps.size).toBe(150));
}

describe("REST", () => {
  test("race, cars and a car in the proto JSON mapping, never from a cache", async () => {
    await fillRace();
    await vi.waitFor(async () => {
      expect((await get("/api/v1/race")).json()).toMatchObject({
        carsTotal: 2,
        flag: "FLAG_STATE_GREEN",
        stageNumber: 1,
      });
    });
    const cars = await get("/api/v1/cars");
    expect(cars.headers["cache-control"]).toBe("no-store");
    expect(cars.json().cars.map((car: { car: string; position: number }) => [car.car, car.position])).toEqual([
      ["24", 1],
      ["4", 0],
    ]);
    const car = (await get("/api/v1/cars/24")).json();
    expect(car).toMatchObject({ entry: { driver: "Driver 24" }, strategy: { lapsLeft: { p50: 57.5 } }, stale: false });
    // Never measured is absent, not 0.
    expect((await get("/api/v1/cars/4")).json()).not.toHaveProperty("live");
  });

  test("laps come in pages, with an ETag that changes with the laps", async () => {
    await fillRace();
    const first = await get("/api/v1/cars/24/laps");
    expect(first.json()).toMatchObject({ car: "24", nextFrom: 101 });
    expect(first.json().laps).toHaveLength(100);
    const second = await get("/api/v1/cars/24/laps?from=101&limit=400");
    expect(second.json().laps.map((fact: { lap: { lapNumber: number } }) => fact.lap.lapNumber)).toEqual(
      Array.from({ length: 50 }, (_, index) => 101 + index),
    );
    expect(second.json()).not.toHaveProperty("nextFrom");
    const tag = String(first.headers.etag);
    expect((await get("/api/v1/cars/24/laps", { "if-none-match": tag })).statusCode).toBe(304);
    await harness.append(lapFact("24", 150, 1));
    await vi.waitFor(async () => {
      expect((await get("/api/v1/cars/24/laps", { "if-none-match": tag })).statusCode).toBe(200);
    });
  });

  test.each([
    ["/api/v1/cars/99", 404, "unknown-car"],
    ["/api/v1/cars/99/laps", 404, "unknown-car"],
    ["/api/v1/cars/a.b%20c", 404, "unknown-car"],
    [`/api/v1/cars/${"x".repeat(90)}`, 404, "unknown-car"],
    ["/api/v1/cars/24/laps?limit=401", 400, "bad-query"],
    ["/api/v1/cars/24/laps?limit=0", 400, "bad-query"],
    ["/api/v1/cars/24/laps?from=-1", 400, "bad-query"],
    ["/api/v1/cars/24/laps?from=abc", 400, "bad-query"],
    ["/api/v1/cars/24/laps?from=1&from=2", 400, "bad-query"],
    ["/api/v1/nothing", 404, "not-found"],
  ])("%s → %i in one sentence", async (path, status, code) => {
    await fillRace();
    const response = await get(path);
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
    expect(response.json().message).toMatch(/^["A-Z].*\.$/);
  });

  test("the interface description names exactly the routes that exist, and every property that they send", async () => {
    await fillRace();
    const document = (await get("/api/v1/openapi.json")).json();
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument("0.0.0"))));
    const described = Object.keys(document.paths).map((path) => path.replace("{car}", ":car"));
    for (const path of described) expect(harness.server.app.hasRoute({ method: "GET", url: path })).toBe(true);
    const routes = [
      ...harness.server.app.printRoutes({ commonPrefix: false }).matchAll(/(\/api\/v1\S*|\/:car|\/laps) \(GET/g),
    ];
    expect(routes).toHaveLength(described.length);
    const schemas = document.components.schemas;
    expectDescribed((await get("/api/v1/race")).json(), schemas.RaceView, schemas);
    for (const car of (await get("/api/v1/cars")).json().cars) expectDescribed(car, schemas.CarView, schemas);
    for (const lap of (await get("/api/v1/cars/24/laps?limit=3")).json().laps)
      expectDescribed(lap, schemas.Fact, schemas);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: walks any JSON beside any schema
function expectDescribed(value: any, schema: any, schemas: any): void {
  if (schema.$ref !== undefined) {
    expectDescribed(value, schemas[schema.$ref.split("/").at(-1)], schemas);
  } else if (schema.type === "array") {
    for (const item of value) expectDescribed(item, schema.items, schemas);
  } else if (schema.type === "object") {
    for (const [name, part] of Object.entries(value)) {
      expect(Object.keys(schema.properties)).toContain(name);
      expectDescribed(part, schema.properties[name], schemas);
    }
  } else if (schema.type === "integer") {
    expect(Number.isInteger(value)).toBe(true);
  } else {
    expect(typeof value).toBe(schema.type);
    if (schema.enum !== undefined) expect(schema.enum).toContain(value);
  }
}

describe("pages", () => {
  async function build(path: string, text: string): Promise<void> {
    await mkdir(join(assetsFolder, path, ".."), { recursive: true });
    await writeFile(join(assetsFolder, path), text);
  }

  test("a dashboard that is not built says what to do; so do the graphics", async () => {
    for (const [path, words] of [
      ["/", "dashboard is not built"],
      ["/graphics/", "graphics are not built"],
    ] as const) {
      const response = await get(path);
      expect([response.statusCode, response.headers["content-type"]]).toEqual([503, "text/html; charset=utf-8"]);
      expect(response.body).toContain(words);
      expect(response.body).toContain("npm run build");
    }
  });

  test("hashed assets are immutable, pages are revalidated, unknown pages are the dashboard's own", async () => {
    await build("dashboard/dist/index.html", "<p>dashboard");
    await build("dashboard/dist/assets/index-Ab3_dE-9.js", "export {}");
    await build("dashboard/dist/favicon.svg", "<svg/>");
    const asset = await get("/assets/index-Ab3_dE-9.js");
    expect(asset.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(asset.headers["content-type"]).toMatch(/^(text|application)\/javascript/);
    for (const path of ["/", "/cars/24", "/index.html"]) {
      const page = await get(path);
      expect([page.statusCode, page.body, page.headers["cache-control"]]).toEqual([200, "<p>dashboard", "no-cache"]);
    }
    expect((await get("/favicon.svg")).headers["cache-control"]).toBe("no-cache");
    expect((await get("/assets/gone-12345678.js")).statusCode).toBe(404);
  });

  test("no path leads out of the folder", async () => {
    await build("dashboard/dist/index.html", "<p>dashboard");
    await build("secret.txt", "secret");
    for (const path of [
      "/../secret.txt",
      "/..%2f..%2fsecret.txt",
      "/%2e%2e/%2e%2e/secret.txt",
      "/graphics/..%2f..%2f..%2fsecret.txt",
      "/a%00.txt",
    ]) {
      const response = await get(path);
      expect(response.body).not.toBe("secret");
      expect(response.statusCode).toBeGreaterThanOrEqual(400);
    }
  });

  test("the dashboard allows scripts and its own WebSocket only, a graphic may be embedded anywhere", async () => {
    await build("dashboard/dist/index.html", "<p>dashboard");
    await build("graphics/dist/burn-bar.html", "<p>bar");
    const page = await get("/", { host: "studio.example:8080" });
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self' ws://studio.example:8080 wss://studio.example:8080;");
    expect(policy).toContain("frame-ancestors 'self'");
    expect(page.headers["x-frame-options"]).toBe("SAMEORIGIN");
    const forged = await get("/", { host: "x; script-src *" });
    expect(String(forged.headers["content-security-policy"])).not.toContain("*");
    for (const path of ["/graphics/burn-bar.html?car=24", "/graphics/burn-bar"]) {
      const graphic = await get(path);
      expect([graphic.statusCode, graphic.body]).toEqual([200, "<p>bar"]);
      expect(String(graphic.headers["content-security-policy"])).toContain("frame-ancestors *");
      expect(graphic.headers["access-control-allow-origin"]).toBe("*");
      expect(graphic.headers).not.toHaveProperty("x-frame-options");
    }
  });

  test("what is not among built pages is not found, and the answer says where the pages are", async () => {
    await build("dashboard/dist/index.html", "<p>dashboard");
    await build("graphics/dist/burn-bar.html", "<p>bar");
    for (const path of ["/graphics/", "/graphics/nothing", "/graphics/nothing.js"]) {
      const response = await get(path);
      expect([response.statusCode, response.json().code], path).toEqual([404, "not-found"]);
      expect(response.json().message).toContain("the graphics are at /graphics/");
    }
    await build("graphics/dist/index.html", "<p>addresses");
    expect((await get("/graphics/")).body).toBe("<p>addresses");
    expect((await get("/graphics")).headers.location).toBe("/graphics/");
  });
});
