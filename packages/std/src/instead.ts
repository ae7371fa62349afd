/** The same object with other members in the place of some of its own. What is added to its type later passes through. */
export function instead<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (object, key) => {
      if (Object.hasOwn(members, key)) return Reflect.get(members, key) as unknown;
      const member: unknown = Reflect.get(object, key);
      // Private fields are those of the object itself.
      return typeof member === "function" ? member.bind(object) : member;
    },
  });
}
