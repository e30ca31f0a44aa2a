/**
 * What `UnstorageStore` asks of unstorage.
 *
 * @module
 */

/** What {@linkcode UnstorageStore} uses of an unstorage `Storage`. */
export interface UnstorageLike {
  /** The item by this name, `null` without one. */
  getItem(name: string): Promise<unknown>;
  /** Writes an item; `ttl` in seconds, for drivers that know it. */
  setItem(
    name: string,
    text: string,
    options?: { ttl?: number },
  ): Promise<void>;
  /** Removes an item. */
  removeItem(name: string): Promise<void>;
  /** The names of all items that begin with this one and a colon. */
  getKeys(base: string): Promise<string[]>;
}
