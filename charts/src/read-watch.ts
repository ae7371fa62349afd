/** A value whose fields tell when they are read. */
export interface ReadWatch {
  readonly value: unknown;
  /** Per object within: its path, its keys, and which of them were read. */
  readonly nodes: readonly WatchedNode[];
}

interface WatchedNode {
  readonly path: string;
  readonly keys: readonly string[];
  readonly read: ReadonlySet<string>;
}

/** Wraps a plain value, so that it can be asked afterwards what nobody looked at. */
export function watchReads(root: object): ReadWatch {
  const nodes: WatchedNode[] = [];
  const wrap = (value: unknown, path: string): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const read = new Set<string>();
    const children = new Map<string, unknown>();
    nodes.push({ path, keys: Array.isArray(value) ? [] : Object.keys(value), read });
    return new Proxy(value, {
      get(target, key) {
        const found: unknown = Reflect.get(target, key);
        if (typeof key !== "string" || !Object.hasOwn(target, key)) return found;
        read.add(key);
        if (!children.has(key)) children.set(key, wrap(found, path === "" ? key : `${path}.${key}`));
        return children.get(key);
      },
    });
  };
  return { value: wrap(root, ""), nodes };
}

/**
 * Fields that were never read in an object of which others were. A checker that was compiled from a schema reads what it
 * knows; where it reads nothing, as in labels or a map of anything, it does not care.
 */
export function unreadFields({ nodes }: ReadWatch): string[] {
  return nodes
    .filter(({ read }) => read.size > 0)
    .flatMap(({ path, keys, read }) =>
      keys.filter((key) => !read.has(key)).map((key) => (path === "" ? key : `${path}.${key}`)),
    );
}
