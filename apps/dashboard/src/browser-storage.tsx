/** Even asking for localStorage throws where the browser forbids it; nothing is kept then. */
export function browserStorage(): Pick<Storage, "getItem" | "setItem"> {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined };
  }
}
