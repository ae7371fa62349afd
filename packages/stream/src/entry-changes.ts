/** Puts what a commit changed into the entries; null deletes. */
export function applyChanges(
  entries: Map<string, Uint8Array>,
  changes: ReadonlyMap<string, Uint8Array | null>,
): Map<string, Uint8Array> {
  for (const [key, bytes] of changes) {
    if (bytes === null) entries.delete(key);
    else entries.set(key, bytes);
  }
  return entries;
}
