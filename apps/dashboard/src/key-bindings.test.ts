import { expect, test } from "vitest";
import { KEY_HELP, keyAction, type Page } from "./key-bindings.ts";

const stroke = (key: string, held: Partial<Record<"ctrlKey" | "altKey" | "metaKey", boolean>> = {}) => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...held,
});

const BOARD: Record<string, unknown> = {
  ArrowDown: { type: "move", rows: 1 },
  j: { type: "move", rows: 1 },
  ArrowUp: { type: "move", rows: -1 },
  k: { type: "move", rows: -1 },
  ArrowLeft: { type: "column", columns: -1 },
  ArrowRight: { type: "column", columns: 1 },
  Enter: { type: "open" },
  Escape: { type: "back" },
  "/": { type: "filter" },
  s: { type: "sort" },
  u: { type: "units" },
  f: { type: "favourite" },
  F: { type: "favouritesOnly" },
  "?": { type: "help" },
  x: undefined,
  Tab: undefined,
};

test("the board answers its keys and no others", () => {
  for (const [key, expected] of Object.entries(BOARD))
    expect([key, keyAction(stroke(key), "board")]).toEqual([key, expected]);
});

test("the car page steps to the neighbours in both directions and does not sort or open", () => {
  expect(keyAction(stroke("ArrowRight"), "car")).toEqual({ type: "move", rows: 1 });
  expect(keyAction(stroke("ArrowLeft"), "car")).toEqual({ type: "move", rows: -1 });
  for (const key of ["s", "Enter", "/"]) expect(keyAction(stroke(key), "car")).toBeUndefined();
});

test("combinations belong to the browser", () => {
  for (const held of ["ctrlKey", "altKey", "metaKey"] as const) {
    for (const page of ["board", "car"] as const)
      expect(keyAction(stroke("f", { [held]: true }), page)).toBeUndefined();
  }
});

test("a key that is the name of something every object has is no key of ours", () => {
  for (const key of ["constructor", "toString", "__proto__"]) expect(keyAction(stroke(key), "board")).toBeUndefined();
});

test("every page's help names keys that work there", () => {
  const signs: Record<string, string> = {
    "↑": "ArrowUp",
    "↓": "ArrowDown",
    "←": "ArrowLeft",
    "→": "ArrowRight",
    Esc: "Escape",
  };
  for (const page of ["board", "car"] satisfies Page[]) {
    for (const { keys } of KEY_HELP[page]) {
      for (const word of keys
        .replace("Shift F", "F")
        .split(/[ ,]+/)
        .filter((part) => part !== "or")) {
        expect([word, keyAction(stroke(signs[word] ?? word), page)?.type]).not.toEqual([word, undefined]);
      }
    }
  }
});
