/** What the keys do. Combinations with Ctrl, Alt or Meta belong to the browser and are left to it. */
export type KeyAction =
  | { readonly type: "move"; readonly rows: number }
  | { readonly type: "column"; readonly columns: number }
  | { readonly type: "first" }
  | { readonly type: "last" }
  | { readonly type: "open" }
  | { readonly type: "back" }
  | { readonly type: "filter" }
  | { readonly type: "sort" }
  | { readonly type: "units" }
  | { readonly type: "favourite" }
  | { readonly type: "favouritesOnly" }
  | { readonly type: "help" };

interface KeyStroke {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

export type Page = "board" | "car";

interface KeyHelp {
  readonly keys: string;
  readonly words: string;
}

export const KEY_HELP: Readonly<Record<Page, readonly KeyHelp[]>> = {
  board: [
    { keys: "↑ ↓ or k j", words: "choose a car" },
    { keys: "← →", words: "other half of the board" },
    { keys: "Home End", words: "first, last car" },
    { keys: "Enter", words: "open the car" },
    { keys: "/", words: "filter by number, driver, team or make" },
    { keys: "s", words: "next sort order" },
    { keys: "u", words: "next unit" },
    { keys: "f", words: "mark as favourite" },
    { keys: "Shift F", words: "favourites only" },
    { keys: "Esc", words: "clear the filter" },
    { keys: "?", words: "this help" },
  ],
  car: [
    { keys: "↑ ↓, ← → or k j", words: "car before, car behind" },
    { keys: "u", words: "next unit" },
    { keys: "f", words: "mark as favourite" },
    { keys: "Esc", words: "back to the board" },
    { keys: "?", words: "this help" },
  ],
};

/** The action of a key on a page; undefined: not ours. */
export function keyAction(stroke: KeyStroke, page: Page): KeyAction | undefined {
  if (stroke.ctrlKey || stroke.altKey || stroke.metaKey) return undefined;
  return COMMON.get(stroke.key) ?? (page === "board" ? BOARD : CAR).get(stroke.key);
}

const COMMON: ReadonlyMap<string, KeyAction> = new Map<string, KeyAction>([
  ["ArrowDown", { type: "move", rows: 1 }],
  ["j", { type: "move", rows: 1 }],
  ["ArrowUp", { type: "move", rows: -1 }],
  ["k", { type: "move", rows: -1 }],
  ["Escape", { type: "back" }],
  ["u", { type: "units" }],
  ["f", { type: "favourite" }],
  ["?", { type: "help" }],
]);

const BOARD: ReadonlyMap<string, KeyAction> = new Map<string, KeyAction>([
  ["ArrowLeft", { type: "column", columns: -1 }],
  ["ArrowRight", { type: "column", columns: 1 }],
  ["Home", { type: "first" }],
  ["End", { type: "last" }],
  ["Enter", { type: "open" }],
  ["/", { type: "filter" }],
  ["s", { type: "sort" }],
  ["F", { type: "favouritesOnly" }],
]);

const CAR: ReadonlyMap<string, KeyAction> = new Map<string, KeyAction>([
  ["ArrowLeft", { type: "move", rows: -1 }],
  ["ArrowRight", { type: "move", rows: 1 }],
]);
