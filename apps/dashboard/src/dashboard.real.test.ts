import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildPages, Chain } from "../testing/chain.ts";
import { openChromium } from "../testing/chromium.ts";
import { FixtureFeed } from "../testing/fixture-feed.ts";
import { CAUTION_RACE, type FixtureOptions, GREEN_RACE } from "../testing/fixture-race.ts";
import { servePages } from "../testing/page-server.ts";

// Chromium drives the built pages: first on the real chain, then on a feed that misbehaves on demand.

const CARS = 40;
const WIDE = { width: 1920, height: 1080 };
const NARROW = { width: 1280, height: 720 };

let browser: Browser;
const faults: string[] = [];

beforeAll(async () => {
  buildPages();
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
});

/** A new page in a browser profile of its own; whatever it throws fails the test. */
async function newPage(viewport: { width: number; height: number }): Promise<Page> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  return page;
}

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  expect(faults.splice(0)).toEqual([]);
});

const rows = (page: Page) => page.locator("[data-testid=board] [role=option]");
const health = (page: Page, type: string, timeout = 20_000) =>
  page.locator(`[data-testid=page][data-health=${type}]`).waitFor({ timeout });
const chosenCar = (page: Page) => page.locator("[role=option][aria-selected=true]").getAttribute("data-car");
const wholeText = (page: Page) => page.locator("[data-testid=page]").innerText();
const isScrolling = (page: Page) =>
  page.evaluate<boolean>("(b => b.scrollHeight > b.clientHeight)(document.querySelector('[data-testid=board]'))");

async function filledBoard(page: Page): Promise<void> {
  await rows(page)
    .nth(CARS - 1)
    .waitFor({ timeout: 60_000 });
}

describe("on the real chain", () => {
  let chain: Chain;
  beforeAll(async () => {
    chain = await Chain.create();
    await chain.start();
  });
  afterAll(async () => {
    await chain?.remove();
  });

  test("the board fills with 40 cars that get fuel numbers, fits the screen, and shows nothing that is no number", async () => {
    const page = await newPage(WIDE);
    await page.goto(`${chain.url}/`);
    await filledBoard(page);
    await health(page, "live");
    expect(await rows(page).count()).toBe(CARS);
    expect(await isScrolling(page)).toBe(false);
    // A lap at this speed takes about five seconds; the averages need a valid one.
    await page.locator(".c-average[data-known=true]").nth(20).waitFor({ timeout: 90_000 });
    await page.locator(".c-left[data-known=true]").nth(20).waitFor({ timeout: 60_000 });
    expect(await wholeText(page)).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  test("a car's page opens by keyboard, has its laps, leads to the next car and back", async () => {
    const page = await newPage(NARROW);
    await page.goto(`${chain.url}/`);
    await filledBoard(page);
    await page.keyboard.press("j");
    await page.keyboard.press("ArrowDown");
    const third = await chosenCar(page);
    await page.keyboard.press("Enter");
    await page.locator(`[data-testid=car-page][aria-label="Car ${third}"]`).waitFor();
    await page.locator(".panel-laps tbody tr").first().waitFor({ timeout: 60_000 });
    await page.locator(".lap-chart canvas").waitFor();
    expect(await wholeText(page)).not.toMatch(/NaN|Infinity|undefined|null/);
    await page.keyboard.press("ArrowDown");
    await page.locator(`[data-testid=car-page]:not([aria-label="Car ${third}"])`).waitFor();
    await page.keyboard.press("Escape");
    await filledBoard(page);
    expect(await chosenCar(page)).not.toBe(third);
  });

  test("the page survives the death of the server, says so meanwhile, and goes on by itself", async () => {
    const page = await newPage(NARROW);
    await page.goto(`${chain.url}/`);
    await filledBoard(page);
    await health(page, "live");
    const lapBefore = Number(await page.locator("[data-testid=leader-lap]").innerText());
    await chain.kill();
    await health(page, "reconnecting");
    expect(await page.locator("[data-testid=banner]").innerText()).toMatch(
      /Connection lost.*by itself.*Data \d+ s old/,
    );
    expect(await rows(page).count()).toBe(CARS);
    await chain.start();
    await health(page, "live", 60_000);
    expect(await page.locator("[data-testid=banner]").count()).toBe(0);
    expect(Number(await page.locator("[data-testid=leader-lap]").innerText())).toBeGreaterThanOrEqual(lapBefore);
    expect(await rows(page).count()).toBe(CARS);
  });

  test("the graphic of a car goes on air by itself, and off and on when told", async () => {
    const page = await newPage(WIDE);
    await page.goto(`${chain.url}/`);
    await filledBoard(page);
    const car = await chosenCar(page);
    await page.goto(`${chain.url}/graphics/burn-bar.html?car=${car}`);
    await page.locator("burn-bar[on-air]").waitFor();
    expect(await page.locator("burn-bar .number").innerText()).toBe(car);
    await page.evaluate("stop()");
    await page.locator("burn-bar:not([on-air])").waitFor({ state: "attached" });
    await page.evaluate("play()");
    await page.locator("burn-bar[on-air]").waitFor();
    await page.goto(`${chain.url}/graphics/burn-bar.html?car=no-such-car&debug=1`);
    await page.locator("burn-bar .hint", { hasText: "Nothing known of car no-such-car" }).waitFor();
    expect(await page.locator("burn-bar[on-air]").count()).toBe(0);
  });

  test("with measure=1 the page collects the age of what it paints", async () => {
    const page = await newPage(WIDE);
    await page.goto(`${chain.url}/?measure=1`);
    await filledBoard(page);
    // The page's own policy forbids eval, so the waiting is done out here.
    const report = () => page.evaluate<{ live: number[]; window: number[] }>("window.__burnlineLatency");
    await expect.poll(async () => (await report()).live.length, { timeout: 20_000 }).toBeGreaterThan(100);
    await expect.poll(async () => (await report()).window.length, { timeout: 20_000 }).toBeGreaterThan(20);
    const { live, window } = await report();
    for (const ageMs of [...live, ...window]) expect(ageMs).toBeGreaterThan(-50);
    expect([...live].sort((a, b) => a - b)[live.length >> 1]).toBeLessThan(5_000);
  });
});

describe("on a feed that misbehaves", () => {
  let pages: Awaited<ReturnType<typeof servePages>>;
  let feed: FixtureFeed;
  beforeAll(async () => {
    pages = await servePages();
  });
  afterAll(() => pages?.close());
  afterEach(() => feed.stop());

  async function openBoard(
    options: FixtureOptions,
    viewport = WIDE,
    path = "/",
    prepare?: (feed: FixtureFeed) => void,
  ): Promise<Page> {
    feed = new FixtureFeed(options);
    prepare?.(feed);
    const page = await newPage(viewport);
    await feed.attach(page);
    await page.goto(`${pages.url}${path}`);
    return page;
  }

  test("40 cars with long names, pit stops and gaps fit both screens without scrolling, also under the banner", async () => {
    for (const viewport of [WIDE, NARROW]) {
      const page = await openBoard(CAUTION_RACE, viewport);
      await filledBoard(page);
      expect(await isScrolling(page)).toBe(false);
      feed.isSilent = true;
      await health(page, "stale");
      expect(await isScrolling(page)).toBe(false);
      expect(await wholeText(page)).not.toMatch(/NaN|Infinity|undefined|null/);
      feed.stop();
    }
  });

  test("silence turns the numbers grey with their age, and news turns them back", async () => {
    const page = await openBoard(GREEN_RACE);
    await filledBoard(page);
    feed.isSilent = true;
    await health(page, "stale");
    expect(await page.locator("[data-testid=banner]").innerText()).toMatch(/Data \d+ s old/);
    feed.isSilent = false;
    await health(page, "live");
  });

  test("a server that refuses is tried again by itself", async () => {
    const page = await openBoard(GREEN_RACE, WIDE, "/", (feed) => {
      feed.isRefusing = true;
    });
    await page.locator("[data-testid=empty]", { hasText: "Connecting" }).waitFor();
    feed.isRefusing = false;
    await filledBoard(page);
  });

  test("before the race the page waits and fills by itself", async () => {
    const page = await openBoard(GREEN_RACE, WIDE, "/", (feed) => {
      feed.hasRace = false;
    });
    await page.locator("[data-testid=empty]", { hasText: "Waiting for the race" }).waitFor();
    feed.hasRace = true;
    // All but the one that has lost its telemetry.
    await rows(page)
      .nth(CARS - 2)
      .waitFor();
  });

  test("a server of another version is an error that says what to do", async () => {
    const page = await openBoard(GREEN_RACE, WIDE, "/", (feed) => {
      feed.protocolVersion = 99;
    });
    await page.locator("[data-testid=empty]", { hasText: "Reload this page" }).waitFor();
  });

  test("keys sort, change the unit, filter, mark and help; unit, order and favourites survive a reload", async () => {
    const page = await openBoard(GREEN_RACE);
    await filledBoard(page);
    await page.keyboard.press("u");
    await page.keyboard.press("s");
    await page.keyboard.press("f");
    const favourite = await chosenCar(page);
    await page.reload();
    await filledBoard(page);
    expect(await page.locator("[data-testid=units]").innerText()).toBe("L/100 km");
    expect(await page.locator("[data-testid=sort]").innerText()).toContain("in trouble");
    expect(await page.locator(`[data-car="${favourite}"] .star`).count()).toBe(1);
    await page.keyboard.press("Shift+F");
    expect(await rows(page).count()).toBe(1);
    await page.keyboard.press("Escape");
    expect(await rows(page).count()).toBe(CARS);

    await page.keyboard.press("/");
    await page.keyboard.type("ford");
    await page.keyboard.press("Enter");
    expect(await rows(page).count()).toBeLessThan(CARS);
    await page.keyboard.press("?");
    await page.locator("dialog[open]", { hasText: "filter by number" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(await rows(page).count()).toBeLessThan(CARS);
  });

  test("a car without a lap and a car that does not exist say so, and the way back is one key", async () => {
    const page = await openBoard(GREEN_RACE, NARROW, "/#/car/66");
    await page.locator("[data-testid=car-page]", { hasText: "No lap completed yet" }).waitFor();
    expect(await wholeText(page)).not.toMatch(/NaN|Infinity|undefined|null/);
    await page.goto(`${pages.url}/#/car/777`);
    await page.locator("[data-testid=unknown-car]", { hasText: "No car 777 in this race" }).waitFor();
    await page.keyboard.press("Escape");
    await filledBoard(page);
  });

  test("the graphic holds its numbers over a loss and says no data after five seconds", async () => {
    const page = await openBoard(GREEN_RACE, WIDE, "/graphics/burn-bar.html?car=24");
    await page.locator("burn-bar[on-air]").waitFor();
    feed.isRefusing = true;
    feed.drop();
    await page.locator("burn-bar .word", { hasText: "NO DATA" }).waitFor({ timeout: 15_000 });
    expect(await page.locator("burn-bar[on-air] .reading b").innerText()).toMatch(/^\d\.\d$/);
    feed.isRefusing = false;
    await page.locator("burn-bar .word", { hasText: /SAVING|NEUTRAL|HARD/ }).waitFor({ timeout: 15_000 });
  });
});
