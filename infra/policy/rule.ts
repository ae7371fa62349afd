/** A resource as Pulumi is about to make it. */
export interface CheckedResource {
  readonly type: string;
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly isProtected: boolean;
  /** Of the provider, as the program calls it; a provider that nobody named is default_…. */
  readonly providerName?: string;
}

export interface Rule {
  readonly name: string;
  readonly description: string;
  /** mandatory: `pulumi up` does not begin. */
  readonly level: "mandatory" | "advisory";
  /** @returns what is wrong, a sentence each */
  check(resource: CheckedResource): string[];
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** One thing or many of them, as IAM and Pulumi both write them. */
export function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The value at the end of a path; undefined where it breaks off. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => asRecord(inner)[key], value);
}
