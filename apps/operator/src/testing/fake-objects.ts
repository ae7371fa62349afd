import { randomUUID } from "node:crypto";

export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

interface Write {
  readonly verb: string;
  readonly name: string | undefined;
  readonly isStatus: boolean;
  readonly body: unknown;
}

interface Answer {
  readonly code: number;
  readonly answer: object;
}

const refusal = (code: number, message: string): Answer => ({ code, answer: { kind: "Status", code, message } });

/** What an API server keeps: each write has a version of its own, and one that was made from an older version conflicts. */
export class FakeObjects<Plural extends string> {
  readonly #byKey = new Map<string, { readonly plural: Plural; readonly object: KubeObject }>();
  readonly #onChange: (plural: Plural, type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject) => void;
  #version = 1;

  constructor(onChange: (plural: Plural, type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject) => void) {
    this.#onChange = onChange;
  }

  get version(): string {
    return String(this.#version);
  }

  all(plural: Plural): readonly KubeObject[] {
    return [...this.#byKey.values()].flatMap((held) => (held.plural === plural ? [held.object] : []));
  }

  get(plural: Plural, name: string): KubeObject | undefined {
    return this.#byKey.get(`${plural}/${name}`)?.object;
  }

  /** Keeps what the server alone decides: uid, age, and the generation, which rises with the spec. */
  put(plural: Plural, object: KubeObject): KubeObject {
    const { name } = object.metadata;
    const held = this.get(plural, name);
    const isEdited = held !== undefined && JSON.stringify(held.spec) !== JSON.stringify(object.spec);
    const metadata = {
      ...object.metadata,
      uid: held?.metadata.uid ?? randomUUID(),
      creationTimestamp:
        held?.metadata.creationTimestamp ?? object.metadata.creationTimestamp ?? "2026-02-13T00:00:00Z",
      generation: (held?.metadata.generation ?? 1) + (isEdited ? 1 : 0),
      resourceVersion: String(++this.#version),
    };
    const stored = { ...object, metadata };
    this.#byKey.set(`${plural}/${name}`, { plural, object: stored });
    this.#onChange(plural, held === undefined ? "ADDED" : "MODIFIED", stored);
    return stored;
  }

  remove(plural: Plural, name: string): void {
    const held = this.get(plural, name);
    if (held === undefined) return;
    this.#byKey.delete(`${plural}/${name}`);
    const metadata = { ...held.metadata, resourceVersion: String(++this.#version) };
    this.#onChange(plural, "DELETED", { ...held, metadata });
  }

  apply(plural: Plural, { verb, name, isStatus, body }: Write): Answer {
    if (verb === "post") {
      const object = body as KubeObject;
      if (this.get(plural, object.metadata.name) !== undefined) return refusal(409, "already exists");
      return { code: 201, answer: this.put(plural, object) };
    }
    const held = name === undefined ? undefined : this.get(plural, name);
    if (held === undefined) return refusal(404, `${plural} ${name} not found`);
    if (verb === "get") return { code: 200, answer: held };
    if (verb === "put") return this.#replace(plural, held, body as KubeObject);
    if (verb === "patch" && isStatus) return this.#patchStatus(plural, held, body);
    if (verb === "patch") return { code: 200, answer: this.put(plural, { ...held, ...(body as object) }) };
    return refusal(405, `${verb} is not allowed`);
  }

  #replace(plural: Plural, held: KubeObject, object: KubeObject): Answer {
    const version = object.metadata.resourceVersion;
    if (version !== held.metadata.resourceVersion) return refusal(409, "the object has been modified");
    return { code: 200, answer: this.put(plural, object) };
  }

  /** A JSON patch of the version and the whole status, which is what the operator sends. */
  #patchStatus(plural: Plural, held: KubeObject, body: unknown): Answer {
    const steps = body as readonly { readonly op: string; readonly path: string; readonly value: unknown }[];
    const version = steps.find(({ path }) => path === "/metadata/resourceVersion")?.value;
    if (version !== undefined && version !== held.metadata.resourceVersion) return refusal(409, "it has been modified");
    const status = steps.find(({ path }) => path === "/status")?.value;
    if (JSON.stringify(status) === JSON.stringify(held.status)) return { code: 200, answer: held };
    return { code: 200, answer: this.put(plural, { ...held, status }) };
  }
}
