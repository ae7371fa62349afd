import { expect, test } from "vitest";
import { readToken, writeToken } from "./viewer-token.ts";

function memory() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

test.each([
  "a.b.c",
  "  a.b.c\n",
  "https://burn.example/#token=a.b.c",
  "http://x/graphics/burn-bar.html?car=4#token=a.b.c",
])("%j is a token that is kept", (pasted) => {
  const storage = memory();
  expect(writeToken(storage, pasted)).toBe(true);
  expect(readToken(storage)).toBe("a.b.c");
});

test.each(["", "hello", "https://burn.example/", "a.b", "a.b.c d"])(
  "%j is none, and the one that was kept stays",
  (pasted) => {
    const storage = memory();
    writeToken(storage, "x.y.z");
    expect(writeToken(storage, pasted)).toBe(false);
    expect(readToken(storage)).toBe("x.y.z");
  },
);

test("what somebody else left under the key is no token, and a browser that keeps nothing harms nobody", () => {
  const storage = memory();
  expect(readToken(storage)).toBeUndefined();
  storage.setItem("burnline.viewerToken", "<script>");
  expect(readToken(storage)).toBeUndefined();
  const closed = {
    getItem: (): string => {
      throw new Error("denied");
    },
    setItem: () => {
      throw new Error("denied");
    },
  };
  expect(readToken(closed)).toBeUndefined();
  expect(writeToken(closed, "a.b.c")).toBe(false);
});
