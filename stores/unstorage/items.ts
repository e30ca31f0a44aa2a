/**
 * The items that {@linkcode UnstorageStore} keeps, each of them whole.
 *
 * Some drivers write a file in place: a reader may see half of it, or half of
 * each of two, and a full disk or the end of a process leaves it so. An item
 * says what it has to be:
 *
 * ```txt
 * w<sum><length>:<JSON of that length>
 * ```
 *
 * unstorage and some clients parse what looks like JSON, and change it: not
 * with a letter in front.
 *
 * @module
 */
import { causeOf, SessionError } from "../../src/errors.ts";
import { told } from "../shared/failure.ts";
import { pause } from "../shared/pause.ts";
import type { UnstorageLike } from "./client.ts";

/** What an item says; the last is the instant from which it is not needed. */
export type Values = readonly (string | number)[];

const ITEM = /^w([0-9a-f]{16})([0-9a-z]+):/;
// How half of one begins.
const PART = /^(w|\0|$)/;
// In ms. What is not whole is read again, after pauses that double: for half a
// second or more.
const LONGEST_PAUSE = 256;
// After such a pause another process is done with its write, or has died.
const MENDING_PAUSE = 32;

/** The items of a `Storage`. */
export class Items {
  readonly #storage: UnstorageLike;
  readonly #now: () => number;

  constructor(storage: UnstorageLike, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /** The names that begin with this one and a colon. */
  names(base: string): Promise<string[]> {
    return told(this.#storage.getKeys(base));
  }

  /** Removes an item. */
  async remove(name: string): Promise<void> {
    await told(this.#storage.removeItem(name));
  }

  /** Whether there is such an item, of whatever kind. */
  async has(name: string): Promise<boolean> {
    return await this.#get(name) !== null;
  }

  /**
   * What an item says, `null` without one or if it is none of ours, `undefined`
   * if it is not whole.
   */
  async look(name: string): Promise<Values | null | undefined> {
    const item = await this.#get(name);
    if (typeof item !== "string" || !PART.test(item)) return null;
    const [{ length }, sum, size = ""] = ITEM.exec(item) ?? [""];
    // If two processes wrote at once, the rest of a longer text may follow.
    const text = item.slice(length, length + parseInt(size, 36));
    return sum === sumOf(text) ? JSON.parse(text) : undefined;
  }

  /**
   * What an item says as soon as it is whole, `null` without one.
   *
   * @param mend Is called when it has not been whole for a while.
   * @throws {SessionError} `store-failed` if it stays as it is.
   */
  async read(
    name: string,
    mend?: () => Promise<void>,
  ): Promise<Values | null> {
    for (let ms = 1; ms <= LONGEST_PAUSE; ms *= 2) {
      const values = await this.look(name);
      if (values !== undefined) return values;
      await pause(ms * (1 + Math.random()));
      if (ms >= MENDING_PAUSE) await mend?.();
    }
    throw new SessionError(
      "store-failed",
      "Record is not whole: a write may have been cut off; delete() removes it",
    );
  }

  /**
   * Writes an item.
   *
   * @param mend Is called if the write has failed and left half an item, as on
   * a full disk.
   */
  async set(
    name: string,
    values: Values,
    mend: () => Promise<void>,
  ): Promise<void> {
    try {
      await this.put(name, values);
    } catch (error) {
      const isHalf = await this.look(name).catch(() => null) === undefined;
      if (isHalf) await mend().catch(() => {});
      throw error;
    }
  }

  /** Writes an item; if that fails, half of it may be there. */
  async put(name: string, values: Values): Promise<void> {
    // JSON escapes half surrogate pairs, which a file cannot hold.
    const text = JSON.stringify(values);
    const item = `w${sumOf(text)}${text.length.toString(36)}:${text}`;
    const left = Number(values.at(-1)) - this.#now();
    const ttl = Math.max(1, Math.ceil(left / 1000));
    await told(this.#storage.setItem(name, item, { ttl }));
  }

  async #get(name: string): Promise<unknown> {
    const item = await told(this.#storage.getItem(name));
    // The fs drivers give an error as the item if they cannot read the file.
    if (item instanceof Error) throw causeOf(item);
    return item ?? null;
  }
}

/** 64 bits, in 16 characters, that no part and no mix of texts has. */
function sumOf(text: string): string {
  // FNV-1a twice, each with its own multiplier: enough against chance, and there
  // is nothing to gain for an attacker, who would need to write to the back end.
  let [first, second] = [0x811c9dc5, text.length];
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x9e3779b1);
  }
  return [first, second]
    .map((half) => (half >>> 0).toString(16).padStart(8, "0"))
    .join("");
}
