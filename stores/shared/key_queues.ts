/**
 * Turns at a back end that cannot compare and swap.
 *
 * @module
 */

/** Lets calls with one key follow each other; those with others do not wait. */
export class KeyQueues {
  /** The end of each queue. */
  readonly #ends: Map<string, Promise<void>> = new Map();

  /** Does something when all that came before with this key is done. */
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const ends = this.#ends;
    const result = ends.get(key)?.then(work) ?? work();
    // The next one's turn comes also if this one has failed.
    const end = result.then(() => {}, () => {}).then(() => {
      if (ends.get(key) === end) ends.delete(key);
    });
    ends.set(key, end);
    return result;
  }
}
