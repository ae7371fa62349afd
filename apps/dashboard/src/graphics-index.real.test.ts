import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPages } from "../testing/chain.ts";
import { openChromium } from "../testing/chromium.ts";
import { FixtureFeed } from "../testing/fixture-feed.ts";
import { GREEN_RACE } from "../testing/fixture-race.ts";
import { servePages } from "../testing/page-server.ts";

// The index of the graphics in Chromium, on a feed that misbehaves on demand.

const CARS = 40;
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 400, height: 800 };
/** A studio opens the page over http by a name: no secure context, so no navigator.clipboard. */
const STUDIO = "http://studio.test";

let browser: Browser;
let pages: Awaited<ReturnType<typeof servePages>>;
let feed: FixtureFeed;
const faults: string[] = [];

beforeAll(async () => {
  buildPages();
  browser = await openChromium();
  pages = await servePages();
});
afterEach(async () => {
  feed.stop();
  for (const context of browser.contexts()) await context.close();
  expect(faults.splice(0)).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  pages?.close();
});

interface Opening {
  readonly viewport?: { width: number; height: number };
  readonly origin?: string;
  readonly prepare?: (feed: FixtureFeed) => void;
}

async function openIndex({ viewport = WIDE, origin = pages.url, prepare }: Opening = {}): Promise<Page> {
  feed = new FixtureFeed(GREEN_RACE);
  prepare?.(feed);
  const context = await browser.newContext({ viewport, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  await page.route(`${STUDIO}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: `${pages.url}${pathname}` }) });
  });
  await feed.attach(page);
  await page.goto(`${origin}/graphics/`);
  return page;
}

const rows = (page: Page) => page.locator("#cars > li");
const addresses = (page: Page) => page.locator("#cars .address").allInnerTexts();
const filled = (page: Page) =>
  rows(page)
    .nth(CARS - 1)
    .waitFor();
const pasted = async (page: Page): Promise<string> => {
  await page.keyboard.press("/");
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("ControlOrMeta+V");
  return page.locator("#find").inputValue();
};

test("every car of the race has an address, by number, and the address brings its bar on air", async () => {
  const page = await openIndex();
  await filled(page);
  const cars = await rows(page).evaluateAll((items) => items.map((item) => item.getAttribute("data-car")));
  expect(cars).toEqual([...cars].sort((a, b) => Number(a) - Number(b)));
  expect(await addresses(page)).toEqual(cars.map((car) => `${pages.url}/graphics/burn-bar.html?car=${car}`));
  await page.goto(await page.locator("[data-car='24'] .open").getAttribute("href").then(String));
  await page.locator("burn-bar[on-air] .number", { hasText: "24" }).waitFor();
});

test("a number and Enter copy an address, arrows lead to others, and the way back is one key", async () => {
  const page = await openIndex();
  await filled(page);
  await page.keyboard.type("24");
  await page.keyboard.press("Enter");
  await page.locator("#said", { hasText: "Copied the address of car 24" }).waitFor();
  expect(await pasted(page)).toBe(`${pages.url}/graphics/burn-bar.html?car=24`);
  await page.keyboard.press("Escape");
  await filled(page);
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"]) await page.keyboard.press(key);
  await page.keyboard.press("Enter");
  await page.locator("#said", { hasText: "Copied the address of car 2." }).waitFor();
  // Ten updates a second take the focus from nobody.
  await page.waitForTimeout(400);
  expect(await page.locator("[data-car='2'] .copy:focus").count()).toBe(1);
});

test("over plain http by a machine's name an address is copied as well, and no word says that it leads nowhere", async () => {
  const page = await openIndex({ origin: STUDIO });
  await filled(page);
  expect(await page.evaluate("isSecureContext")).toBe(false);
  expect(await page.locator("#only-here").isVisible()).toBe(false);
  await page.keyboard.type("77");
  await page.keyboard.press("Enter");
  await page.locator("#said", { hasText: "Copied the address of car 77" }).waitFor();
  expect(await pasted(page)).toBe(`${STUDIO}/graphics/burn-bar.html?car=77`);
  await page.goto(`${pages.url}/graphics/`);
  expect(await page.locator("#only-here").innerText()).toContain("--host 0.0.0.0");
});

test("the dashboard's help leads here", async () => {
  const page = await openIndex();
  await page.goto(`${pages.url}/`);
  await page.locator("[data-testid=board] [role=option]").first().waitFor();
  await page.keyboard.press("?");
  await page.locator("dialog button:focus", { hasText: "Close" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await filled(page);
  expect(new URL(page.url()).pathname).toBe("/graphics/");
});

test("unit, waiting and hints change all addresses, CasparCG's too", async () => {
  const page = await openIndex();
  await filled(page);
  await page.locator("#units").selectOption("l100");
  await page.locator("#waits").check();
  await page.locator("#debug").check();
  for (const address of await addresses(page)) expect(address).toMatch(/\?car=\d+&units=l100&autoplay=0&debug=1$/);
  expect(await page.locator("#caspar").innerText()).toMatch(
    /^CG 1-20 ADD 0 "http:\S+debug=1" 1\nCG 1-20 UPDATE 0 "\{\\"car\\":\\"\d+\\"\}"\nCG 1-20 STOP 0$/,
  );
});

test("a silent car says that it has no data, and a search without a result says so", async () => {
  const page = await openIndex();
  await filled(page);
  expect(await page.locator("[data-car='44'] .air").innerText()).toBe("no data now");
  expect(await page.locator("[data-car='24'] .air").innerText()).toBe("");
  await page.keyboard.type("nobody");
  await page.locator("#empty", { hasText: "Nothing found for “nobody”" }).waitFor();
});

test("no gateway, no race, a lost connection and another version are said, and the list comes back by itself", async () => {
  const refused = await openIndex({ prepare: (own) => Object.assign(own, { isRefusing: true }) });
  await refused.locator("#empty", { hasText: "No connection to the gateway" }).waitFor();
  feed.isRefusing = false;
  await filled(refused);
  expect(await refused.locator("#empty").isVisible()).toBe(false);
  feed.isRefusing = true;
  feed.drop();
  await refused.locator("#banner", { hasText: "Connection lost" }).waitFor();
  expect(await rows(refused).count()).toBe(CARS);
  feed.isRefusing = false;
  await refused.locator("#banner").waitFor({ state: "hidden", timeout: 20_000 });
  feed.stop();

  const early = await openIndex({ prepare: (own) => Object.assign(own, { hasRace: false }) });
  await early.locator("#empty", { hasText: "No cars yet" }).waitFor();
  feed.stop();

  const other = await openIndex({ prepare: (own) => Object.assign(own, { protocolVersion: 99 }) });
  await other.locator("#empty", { hasText: "Reload the page" }).waitFor();
});

test("on a telephone nothing has to be moved sideways", async () => {
  const page = await openIndex({ viewport: PHONE });
  await filled(page);
  const width = await page.evaluate<number>("document.documentElement.scrollWidth");
  expect(width).toBeLessThanOrEqual(PHONE.width);
});
