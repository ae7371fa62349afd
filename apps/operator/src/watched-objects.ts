import type { Logger } from "@burnline/runtime";
import type { Informer, KubernetesObject, ObjectCache } from "@kubernetes/client-node";

/** The library reconnects a watch that ends; one that fails is begun anew from here, doubling, up to there. */
const RESTART_MS_MIN = 500;
const RESTART_MS_MAX = 30_000;
/** Now and then all is listed again, in case an event was lost. */
const RELIST_MS = 10 * 60_000;

type Watching<T extends KubernetesObject> = Informer<T> & ObjectCache<T>;

/** The objects of one kind, kept up to date by a watch. What was known stays known while the API server is away. */
export class WatchedObjects<T extends KubernetesObject> {
  readonly #kind: string;
  readonly #make: () => Watching<T>;
  #informer: Watching<T> | undefined;
  #onChange: (object: T) => void = () => {};
  #logger: Logger | undefined;
  #restart: NodeJS.Timeout | undefined;
  #relist: NodeJS.Timeout | undefined;
  #failures = 0;
  #listedMs = 0;
  #isStopped = false;
  #lastObjects: ReadonlyArray<T> | undefined;

  constructor(kind: string, make: () => Watching<T>) {
    this.#kind = kind;
    this.#make = make;
  }

  /** Resolves when the first list has been tried; `isSynced` says whether it worked. */
  async start(logger: Logger, onChange: (object: T) => void): Promise<void> {
    this.#logger = logger;
    this.#onChange = onChange;
    await this.#begin();
    this.#relist = setInterval(() => void this.#begin(), RELIST_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    clearInterval(this.#relist);
    await this.#informer?.stop();
  }

  /** Everything has been listed at least once. */
  get isSynced(): boolean {
    return this.#lastObjects !== undefined;
  }

  list(): ReadonlyArray<T> {
    return this.#lastObjects ?? [];
  }

  async #begin(): Promise<void> {
    clearTimeout(this.#restart);
    if (this.#isStopped) return;
    const former = this.#informer;
    const informer = this.#make();
    this.#informer = informer;
    await former?.stop();
    let hasFailed = false;
    informer.on("error", (error) => {
      hasFailed = true;
      if (this.#informer === informer) this.#failed(error);
    });
    for (const verb of ["add", "update", "delete"] as const) {
      informer.on(verb, (object) => {
        if (this.#informer !== informer) return;
        // While the first list comes in, what it has so far is not all.
        if (isListed) this.#lastObjects = informer.list();
        this.#onChange(object);
      });
    }
    let isListed = false;
    // What it throws itself: no credentials could be read.
    await informer.start().catch((error) => {
      hasFailed = true;
      if (this.#informer === informer) this.#failed(error);
    });
    if (hasFailed || this.#informer !== informer) return;
    isListed = true;
    this.#listedMs = performance.now();
    this.#lastObjects = informer.list();
    // Changes that were found by the list itself.
    for (const object of this.#lastObjects) this.#onChange(object);
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return;
    // A watch that lasted was well: only those that fail at once are begun anew later each time.
    if (performance.now() - this.#listedMs >= RESTART_MS_MAX) this.#failures = 0;
    const waitMs = Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** Math.min(this.#failures++, 16));
    this.#logger?.warn({ kind: this.#kind, err: error, waitMs }, "a watch failed and is begun anew");
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => void this.#begin(), waitMs);
  }
}
