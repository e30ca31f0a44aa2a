/**
 * The order in which the records of the store in memory were used.
 *
 * @module
 */

/** What can be a link of the chain: it knows its neighbours. */
export interface Link<Entry> {
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** A chain of entries, the one that was not used for the longest time first. */
export class UseOrder<Entry extends Link<Entry>> {
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  #size = 0;

  /** The one that was not used for the longest time. */
  get oldest(): Entry | undefined {
    return this.#oldest;
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds an entry, as used now. */
  add(entry: Entry): void {
    this.#size++;
    entry.older = this.#newest;
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
  }

  /** Takes an entry out. */
  delete(entry: Entry): void {
    this.#size--;
    const { older, newer } = entry;
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    entry.older = entry.newer = undefined;
  }
}
