import type { ServerMessage } from "@burnline/contract";
import { addressPageWords } from "./address-page-words.ts";
import { AddressRow } from "./address-row.tsx";
import { CarRoster, type RosterCar } from "./car-roster.ts";
import { copyText } from "./copy-text.tsx";
import { type AddressChoice, graphicAddress, isOnlyHere } from "./graphic-address.ts";
import { AIR_UNITS } from "./graphic-data.ts";
import { pageFeed } from "./page-feed.tsx";

/** How long the page says what a key did. */
const SAID_SHOWN_MS = 6_000;

/** The index of the graphics: every car of the running race with an address that is ready to be copied. */
const roster = new CarRoster();
const rows = new Map<string, AddressRow>();
let shown: readonly RosterCar[] = [];
/** What the list was last drawn from; the board comes ten times a second and hardly ever changes it. */
let drawn = "";
let refusal: string | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;

const find = part<HTMLInputElement>("find");
const units = part<HTMLSelectElement>("units");
const waits = part<HTMLInputElement>("waits");
const debug = part<HTMLInputElement>("debug");
const list = part("cars");

const feed = pageFeed({
  received: (message: ServerMessage) => {
    if (message.op.case === "error") refusal = message.op.value.message;
    else if (message.op.case === "snapshot") refusal = undefined;
    roster.received(message);
    refresh();
  },
  stateChanged: refresh,
});

part("only-here").hidden = !isOnlyHere(location.hostname);
part("choice").addEventListener("input", refresh);
part("choice").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", keyPressed);
feed.subscribe("board");
feed.start();
find.focus();
refresh();

function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

function choice(): AddressChoice {
  const chosen = AIR_UNITS.find((known) => known === units.value) ?? "mpg";
  return { units: chosen, waits: waits.checked, debug: debug.checked };
}

function refresh(): void {
  shown = roster.cars(find.value);
  const carsKnown = roster.cars("").length;
  const state = { feed: feed.state, refusal, carsKnown, carsShown: shown.length, wanted: find.value };
  const words = addressPageWords(state);
  const race = roster.race?.definition?.name ?? "";
  const picture = JSON.stringify([words, race, shown, choice()]);
  if (picture === drawn) return;
  drawn = picture;
  part("race").textContent = race;
  drawWords(words);
  drawList();
  part("caspar").textContent = casparCommands();
}

function drawWords({ banner, empty }: ReturnType<typeof addressPageWords>): void {
  part("banner").hidden = banner === undefined;
  part("banner").textContent = banner ?? "";
  const place = part("empty");
  place.hidden = empty === undefined;
  place.children[0]?.replaceChildren(empty?.title ?? "");
  place.children[1]?.replaceChildren(empty?.hint ?? "");
}

function drawList(): void {
  const cars = new Set(shown.map(({ car }) => car));
  for (const [car, row] of rows) {
    if (cars.has(car)) continue;
    if (row.hasFocus) find.focus();
    row.element.remove();
    rows.delete(car);
  }
  for (const [index, car] of shown.entries()) {
    const row = rows.get(car.car) ?? new AddressRow(car.car, (chosen) => void copy(chosen));
    rows.set(car.car, row);
    row.show(car, graphicAddress(location.href, car.car, choice()));
    // Moving an element takes the focus from it: only what is not in its place is moved.
    if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null);
  }
}

async function copy(row: AddressRow): Promise<void> {
  const car = row.element.dataset.car;
  if (await copyText(row.address)) {
    row.copied();
    say(`Copied the address of car ${car}.`);
  } else {
    row.mark();
    say(`This browser lets no page copy: the address of car ${car} is marked, press Ctrl+C.`);
  }
}

function say(words: string): void {
  clearTimeout(silence);
  part("said").textContent = words;
  silence = setTimeout(() => part("said").replaceChildren(), SAID_SHOWN_MS);
}

function keyPressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const place = shown.findIndex(({ car }) => rows.get(car)?.hasFocus);
  if (event.key === "/" && event.target !== find) find.focus();
  else if (event.key === "Escape") showAll();
  else if (event.key === "Enter" && event.target === find) copyFirst();
  else if (event.key === "ArrowDown" && (place >= 0 || event.target === find)) focusRow(place + 1);
  else if (event.key === "ArrowUp" && place > 0) focusRow(place - 1);
  else if (event.key === "ArrowUp" && place === 0) find.focus();
  else return;
  event.preventDefault();
}

function showAll(): void {
  find.value = "";
  find.focus();
  refresh();
}

function copyFirst(): void {
  const first = rows.get(shown[0]?.car ?? "");
  if (first !== undefined) void copy(first);
}

function focusRow(place: number): void {
  rows.get(shown[Math.min(place, shown.length - 1)]?.car ?? "")?.focus();
}

/** On channel 1, layer 20; the 1 behind the address says play at once. */
function casparCommands(): string {
  const car = shown[0]?.car ?? "NUMBER";
  const other = roster.cars("").find((candidate) => candidate.car !== car)?.car ?? "NUMBER";
  return [
    `CG 1-20 ADD 0 "${graphicAddress(location.href, car, choice())}" 1`,
    `CG 1-20 UPDATE 0 "{\\"car\\":\\"${other}\\"}"`,
    "CG 1-20 STOP 0",
  ].join("\n");
}
