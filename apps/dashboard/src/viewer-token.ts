import { hashOf, tokenOf } from "@burnline/contract/feed-client";

const TOKEN_KEY = "burnline.viewerToken";
type TokenStorage = Pick<Storage, "getItem" | "setItem">;

/** The token that this browser keeps; undefined: none, or nothing that can be one. */
export function readToken(storage: TokenStorage): string | undefined {
  try {
    return tokenOf(hashOf(storage.getItem(TOKEN_KEY) ?? undefined));
  } catch {
    return undefined;
  }
}

/**
 * Keeps what a person pasted: a token, or a whole address with one. False when it is neither, or when the browser keeps
 * nothing.
 */
export function writeToken(storage: TokenStorage, pasted: string): boolean {
  const text = pasted.trim();
  const token = tokenOf(hashOf(text)) ?? tokenOf(URL.parse(text)?.hash ?? "");
  if (token === undefined) return false;
  try {
    storage.setItem(TOKEN_KEY, token);
    return true;
  } catch {
    return false;
  }
}
