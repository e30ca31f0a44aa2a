/**
 * Whether a fast tier can be trusted: one that has failed is left alone for a
 * while, and then tried by one call.
 *
 * @module
 */

/** The shortest time for which a tier that has failed is left alone, in ms. */
const REST = 1_000;

/** What a process knows of its fast tier. */
export class Trust {
  readonly #timeout: number;
  readonly #rest: number;
  readonly #now: () => number;
  /**
   * After a failure, the tier is left alone until then: it may hold what this
   * process knows to be old. 0 if it works.
   */
  #suspectUntil = 0;
  /** Whether a call is on its way that finds out if it works again. */
  #isTrying = false;

  /**
   * @param timeout How long to wait for an answer, in ms.
   * @param maxAge How long its copies are served, in ms.
   */
  constructor(timeout: number, maxAge: number, now: () => number) {
    this.#timeout = timeout;
    this.#rest = Math.max(maxAge, REST);
    this.#now = now;
  }

  /**
   * Asks the tier; `undefined` if it cannot be trusted, or gives no answer in
   * time.
   */
  async ask<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const isSuspect = this.#suspectUntil > 0;
    if (isSuspect) {
      if (this.#isTrying || this.#now() < this.#suspectUntil) return undefined;
      this.#isTrying = true;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("Too late")), this.#timeout);
    });
    try {
      const answer = await Promise.race([ask(), late]);
      // Unless another call has failed meanwhile.
      if (isSuspect && this.#now() >= this.#suspectUntil) {
        this.#suspectUntil = 0;
      }
      return answer;
    } catch (error) {
      // A record that is too large for the tier does not mean that it is down.
      if (Object(error).code !== "oversize") {
        this.#suspectUntil = this.#now() + this.#rest;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
      if (isSuspect) this.#isTrying = false;
    }
  }
}
