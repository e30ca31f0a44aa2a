/**
 * The keys of LevelDB under which `LevelStore` keeps records and lists:
 *
 * ```txt
 * <prefix>!record!<key>
 * <prefix>!user!<user>!<key>
 * <prefix>!end!<expiresAt>!<key>
 * ```
 *
 * A record is at the first. The others are entries of two lists, and have no
 * value.
 *
 * @module
 */
import type { SessionRecord } from "../../src/store/contract.ts";

/** A part of a list: all that comes after the first and before the second. */
export type Range = [gt: string, lt: string];

/** The keys of a store. */
export class Names {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Where a record is. */
  record(key: string): string {
    return this.#name("record", key);
  }

  /** The entries that a record has in the lists. */
  entries(key: string, record: SessionRecord | null): string[] {
    if (!record) return [];
    const entries = [this.#name("end", toSorted(record.expiresAt), key)];
    if (record.user !== "") {
      entries.push(this.#name("user", record.user, key));
    }
    return entries;
  }

  // A quotation mark is the next character after an exclamation mark: all that
  // begins with `name!` is between `name!` and `name"`.

  /** The entries of a user. */
  ofUser(user: string): Range {
    const name = this.#name("user", user);
    return [`${name}!`, `${name}"`];
  }

  /** The entries of what has ended at an instant. */
  endedAt(now: number): Range {
    return [`${this.#name("end")}!`, `${this.#name("end", toSorted(now))}"`];
  }

  /** The entries of what lives on after it. */
  liveAt(now: number): Range {
    return [`${this.#name("end", toSorted(now))}"`, `${this.#name("end")}"`];
  }

  #name(...parts: string[]): string {
    return [this.#prefix, ...parts].join("!");
  }
}

/** The key of the record that an entry is for. */
export function keyOf(entry: string): string {
  return entry.slice(-43);
}

/** An instant as a text, so that the order of texts is that of instants. */
function toSorted(time: number): string {
  return String(Math.max(0, Math.floor(time))).padStart(16, "0");
}
