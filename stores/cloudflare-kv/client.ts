/**
 * What `CloudflareKvStore` asks of a KV namespace.
 *
 * @module
 */

import { worded } from "../shared/failure.ts";

/** What {@linkcode CloudflareKvStore} uses of a KV namespace. */
export interface KvNamespaceLike {
  /**
   * The text by this name, `null` without one. Where it takes up to 100 names,
   * and has a `Map` for them, lists ask so.
   */
  get(
    name: string,
    options: { type: "text"; cacheTtl?: number },
  ): Promise<string | null>;
  /** Writes a text, which KV removes so many seconds later. */
  put(
    name: string,
    text: string,
    options: { expirationTtl: number; metadata?: number },
  ): Promise<void>;
  /** Removes a text. */
  delete(name: string): Promise<void>;
  /** Some of the names that begin so, and how to go on if there are more. */
  list(options: {
    prefix: string;
    limit?: number;
    cursor?: string | null;
  }): Promise<KvNames>;
}

/** Some names in a KV namespace. */
export interface KvNames {
  /** The names, with what was written beside their texts. */
  readonly keys: readonly {
    readonly name: string;
    readonly metadata?: unknown;
  }[];
  /** Whether there are no more. */
  readonly list_complete: boolean;
  /** Where the next list begins, if there are more. */
  readonly cursor?: string | null;
}

/** A namespace that reads many texts at once, as Cloudflare's can. */
interface BulkReads {
  get(
    names: readonly string[],
    options: { type: "text"; cacheTtl?: number },
  ): Promise<ReadonlyMap<string, string | null> | null>;
}

/** For how many ms writes are still tried again; they count it down. */
export interface Patience {
  left: number;
}

// In seconds. KV takes no shorter ones.
const SHORTEST_LIFE = 60;
const SHORTEST_CACHE = 30;
// In seconds, 31 years: Cloudflare does not say what KV does with more.
const LONGEST_LIFE = 1e9;
// KV reads the texts of at most 100 names at once.
const PAGE = 100;
// A location may serve what it has read for so long. The cookie carries the data
// for longer, so nobody sees it.
const READ = { type: "text", cacheTtl: SHORTEST_CACHE } as const;

// "KV PUT failed: 429 Too Many Requests"
const STATUS = /(?<=failed: )\d+/;

/** The texts in a namespace whose names begin with the prefix of a store. */
export class KvTexts {
  readonly #namespace: KvNamespaceLike;
  readonly #prefix: string;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;

  /** @param wait Waits some ms before a write is tried again. */
  constructor(
    namespace: KvNamespaceLike,
    prefix: string,
    now: () => number,
    wait: (ms: number) => Promise<void>,
  ) {
    this.#namespace = namespace;
    this.#prefix = prefix;
    this.#now = now;
    this.#wait = wait;
  }

  /** One text, `null` if there is none. */
  get(name: string): Promise<string | null> {
    return worded(this.#namespace.get(this.#prefix + name, READ), STATUS);
  }

  /** Up to 100 texts in one operation; `undefined` if KV does not give them. */
  async getAll(
    names: readonly string[],
  ): Promise<(string | null | undefined)[] | undefined> {
    const all = names.map((name) => this.#prefix + name);
    const namespace = this.#namespace as unknown as BulkReads;
    try {
      const texts = await namespace.get(all, READ);
      if (texts instanceof Map) return all.map((name) => texts.get(name));
    } catch {
      // They are too much for one answer, or KV has failed: the caller reads
      // them one by one.
    }
    return undefined;
  }

  /** A page of the names that begin so. */
  list(begin: string, cursor: string | null | undefined): Promise<KvNames> {
    const prefix = this.#prefix + begin;
    const page = { prefix, limit: PAGE, ...cursor && { cursor } };
    return worded(this.#namespace.list(page), STATUS);
  }

  /** Writes a text that KV may remove from an instant on. */
  put(
    name: string,
    text: string,
    expiresAt: number,
    more?: { metadata: number },
  ): Promise<void> {
    // KV is told how long, not until when: its clock need not be ours.
    const left = Math.ceil((expiresAt - this.#now()) / 1000);
    const expirationTtl = Math.min(
      Math.max(left, SHORTEST_LIFE),
      LONGEST_LIFE,
    );
    const options = { expirationTtl, ...more };
    const putting = this.#namespace.put(this.#prefix + name, text, options);
    return worded(putting, STATUS);
  }

  /** Removes a text. */
  delete(name: string): Promise<void> {
    return worded(this.#namespace.delete(this.#prefix + name), STATUS);
  }

  /** Does a write, and again while KV has taken another of this key just now. */
  async insist(write: () => Promise<void>, patience: Patience): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        const ms = 500 + Math.random() * 500;
        patience.left -= ms;
        const isBusy = Object(error).code === "429";
        if (!isBusy || patience.left < 0) throw error;
        await this.#wait(ms);
      }
    }
  }
}
