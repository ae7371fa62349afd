import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPages, Chain, viewerToken } from "../testing/chain.ts";
import { openChromium } from "../testing/chromium.ts";

// A gateway that shows its race to holders of a token, seen by pages in Chromium.

const KEY = "k".repeat(32);
const CARS = 40;

let browser: Browser;
let chain: Chain;
let token: string;

beforeAll(async () => {
  buildPages();
  token = viewerToken(KEY);
  browser = await openChromium();
  chain = await Chain.create(["--viewer-keys", KEY]);
  await chain.start();
});
afterAll(async () => {
  await browser?.close();
  await chain?.remove();
});

async function open(path: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${chain.url}${path}`);
  return page;
}

const filledBoard = (page: Page) =>
  page
    .locator("[data-testid=board] [role=option]")
    .nth(CARS - 1)
    .waitFor({ timeout: 60_000 });

test("a page without a token asks for one, says when it is none, takes an address with one, and keeps it", async () => {
  const page = await open("/");
  const field = page.locator("[data-testid=token-form] input");
  await field.fill("hello");
  await field.press("Enter");
  await page.locator("[data-testid=token-form] [role=alert]").waitFor();
  await field.fill(`${chain.url}/#token=${token}`);
  await field.press("Enter");
  await filledBoard(page);
  await page.reload();
  await filledBoard(page);
});

test("a page that is opened with a token shows the race, and the address no longer has it", async () => {
  const page = await open(`/#token=${token}`);
  await filledBoard(page);
  expect(page.url()).toBe(`${chain.url}/#/`);
});

test("the graphics' index says what is missing, and with a token gives it to every address, which brings a bar", async () => {
  const without = await open("/graphics/");
  await without.getByText("#token=").waitFor();
  const page = await open(`/graphics/#token=${token}`);
  const address = await page.locator("#cars .address").first().innerText({ timeout: 60_000 });
  expect(address).toMatch(/#token=/);
  const bar = await (await browser.newContext()).newPage();
  await bar.goto(address);
  await bar.locator("burn-bar[on-air]").waitFor();
  const blank = await open("/graphics/burn-bar.html?car=1&debug=1");
  await blank.getByText("asks for a viewer's token").waitFor();
});
