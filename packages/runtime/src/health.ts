/** Undefined when fine, else one short sentence why not. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

export interface Readiness {
  readonly isReady: boolean;
  /** What is not fine, by the name of its check. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** A check that has not answered by then counts as failed. */
const HEALTH_CHECK_MS_MAX = 2_000;

/**
 * Whether traffic should come here, from named checks. Liveness is no business of these checks: a process whose database
 * is gone gets no better by being restarted, so being alive only means that the event loop answers.
 */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();
  readonly #checkMsMax: number;
  #isStopping = false;

  constructor(checkMsMax: number = HEALTH_CHECK_MS_MAX) {
    this.#checkMsMax = checkMsMax;
  }

  /** Returns the way to take the check out again. */
  add(name: string, check: HealthCheck): () => void {
    if (this.#checks.has(name)) throw new Error(`there is a health check ${name} already`);
    this.#checks.set(name, check);
    return () => {
      this.#checks.delete(name);
    };
  }

  /** From now on traffic should go elsewhere, whatever the checks say; what is under way is still served. */
  stopping(): void {
    this.#isStopping = true;
  }

  async readiness(): Promise<Readiness> {
    if (this.#isStopping) return { isReady: false, reasons: { process: "stopping" } };
    const answers = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await this.#ask(check)] as const),
    );
    const reasons = answers.filter((answer): answer is [string, string] => answer[1] !== undefined);
    return { isReady: reasons.length === 0, reasons: Object.fromEntries(reasons) };
  }

  async #ask(check: HealthCheck): Promise<string | undefined> {
    const { promise: tooLate, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(() => resolve(`no answer within ${this.#checkMsMax} ms`), this.#checkMsMax);
    try {
      return await Promise.race([check(), tooLate]);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(timer);
    }
  }
}
