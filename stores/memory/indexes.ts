/**
 * How the store in memory finds records by user and by the end of their lives.
 *
 * @module
 */
import type { SessionRecord } from "../../src/store/contract.ts";

/** Entries by a name. */
export type Index<Name, Entry> = Map<Name, Set<Entry>>;

/** What can be filed by the end of its record's life. */
export interface Mortal {
  readonly record: SessionRecord;
  /** Where it is filed. */
  minute: number;
}

const MINUTE = 60_000;

/** Entries by the last minute of their lives. */
export class ExpiryIndex<Entry extends Mortal> {
  readonly #byMinute: Index<number, Entry> = new Map();
  /** The minute of the last call of `removePassed`. */
  #minute = 0;
  /** What is filed under earlier minutes, and has yet to be removed. */
  readonly #passed: Iterator<Entry>[] = [];

  /** Files an entry. */
  add(entry: Entry): void {
    const minute = Math.ceil(entry.record.expiresAt / MINUTE) - 1;
    entry.minute = minute;
    file(this.#byMinute, minute, entry);
    if (minute >= this.#minute) return;
    this.#passed.push(this.#filed(minute, minute + 1));
  }

  /** Takes an entry out. */
  delete(entry: Entry): void {
    unfile(this.#byMinute, entry.minute, entry);
  }

  /** How many have not expired. */
  count(now: number): number {
    const present = Math.floor(now / MINUTE);
    let live = countLive(now, this.#byMinute.get(present));
    for (const [minute, entries] of this.#byMinute) {
      if (minute > present) live += entries.size;
    }
    return live;
  }

  /** All that have expired. Meanwhile, entries may be added and taken out. */
  *expired(now: number): Generator<Entry, void> {
    for (const [minute, entries] of this.#byMinute) {
      if (minute > now / MINUTE) continue;
      for (const entry of entries) {
        if (entry.record.expiresAt <= now) yield entry;
      }
    }
  }

  /**
   * Has some removed that expired in minutes that have passed, so that no live
   * entry need be looked at. It goes on where it was left the last time.
   */
  removePassed(
    now: number,
    most: number,
    remove: (entry: Entry) => void,
  ): void {
    const minute = Math.floor(now / MINUTE);
    if (minute > this.#minute) {
      this.#passed.push(this.#filed(this.#minute, minute));
    }
    this.#minute = minute;
    for (let left = most; left > 0;) {
      const next = this.#passed.at(-1)?.next();
      if (!next) return;
      if (next.done) {
        this.#passed.pop();
        continue;
      }
      left--;
      // If the clock has been put back, one may live again. Its minute has yet to
      // pass, and then it is removed.
      if (next.value.record.expiresAt <= now) remove(next.value);
    }
  }

  /** What is filed under the minutes of a span, at the time it is asked for. */
  *#filed(begin: number, end: number): Generator<Entry, void> {
    // Go through the minutes of the span or, if they are more, as after a long
    // pause, through those that have entries.
    if (end - begin > this.#byMinute.size) {
      for (const [minute, entries] of this.#byMinute) {
        if (minute < end) yield* entries;
      }
    } else {
      for (let minute = begin; minute < end; minute++) {
        yield* this.#byMinute.get(minute) ?? [];
      }
    }
  }
}

/** How many of some entries have not expired. */
export function countLive(
  now: number,
  entries: Iterable<{ readonly record: SessionRecord }> = [],
): number {
  let live = 0;
  for (const { record } of entries) if (record.expiresAt > now) live++;
  return live;
}

/** Puts an entry under a name. */
export function file<Name, Entry>(
  index: Index<Name, Entry>,
  name: Name,
  entry: Entry,
): void {
  const entries = index.get(name);
  if (entries) entries.add(entry);
  else index.set(name, new Set([entry]));
}

/** Takes it away, and the name with the last one. */
export function unfile<Name, Entry>(
  index: Index<Name, Entry>,
  name: Name,
  entry: Entry,
): void {
  const entries = index.get(name);
  if (entries?.delete(entry) && entries.size === 0) index.delete(name);
}
