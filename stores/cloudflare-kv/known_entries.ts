/**
 * What an isolate knows of the entries in users' lists, to save operations.
 *
 * @module
 */

/** What an isolate knows of a record's entry in a list. */
export interface KnownEntry {
  /** Whose list; `""` if it is in none. */
  readonly user: string;
  /** Until when it is there at least, in ms since 1970. */
  readonly until: number;
}

// Of so many records, the ones that were used last.
const MOST_KNOWN = 1_000;

/** The entries of the records that the isolate has read or written lately. */
export class KnownEntries {
  /** By key, the latest at the end. */
  readonly #entries: Map<string, KnownEntry> = new Map();

  /** What is known of a record's entry. */
  get(key: string): KnownEntry | undefined {
    return this.#entries.get(key);
  }

  /** Notes that a record is in the list of a user until an instant at least. */
  note(key: string, user: string, until: number): void {
    const known = this.#entries.get(key);
    const longer = known?.user === user ? Math.max(until, known.until) : until;
    this.#entries.delete(key);
    this.#entries.set(key, { user, until: longer });
    if (this.#entries.size <= MOST_KNOWN) return;
    this.#entries.delete(this.#entries.keys().next().value as string);
  }

  /** Forgets what is known of a record. */
  forget(key: string): void {
    this.#entries.delete(key);
  }
}
