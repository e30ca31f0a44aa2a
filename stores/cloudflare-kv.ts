/**
 * Sessions in Cloudflare Workers KV.
 *
 * @module
 */
import { SessionError } from "../src/errors.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store.ts";

/** What {@linkcode CloudflareKvStore} uses of a KV namespace. */
export interface KvNamespaceLike {
  /** The text by this name, `null` without one. */
  get(
    name: string,
    options: { type: "text"; cacheTtl?: number },
  ): Promise<string | null>;
  /** Writes a text, which KV removes so many seconds later. */
  put(
    name: string,
    text: string,
    options: { expirationTtl: number },
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
  /** The names. */
  readonly keys: readonly { readonly name: string }[];
  /** Whether there are no more. */
  readonly list_complete: boolean;
  /** Where the next list begins, if there are more. */
  readonly cursor?: string | null;
}

/** What a {@linkcode CloudflareKvStore} can be told. */
export interface CloudflareKvStoreOptions {
  /**
   * What the names of all entries begin with: at most 200 ASCII characters, no
   * blanks.
   *
   * @default {"session:"}
   */
  readonly prefix?: string | undefined;
  /**
   * For how many seconds after a write the visitor's cookie carries the data,
   * from 90 to 86400. More makes up for a KV that is slower than Cloudflare
   * says, at the price of larger cookies for longer.
   *
   * @default {90}
   */
  readonly carry?: number | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
  /**
   * How to wait some ms before a write is tried again; for tests.
   *
   * @default {A timer}
   */
  readonly wait?: ((ms: number) => Promise<void>) | undefined;
}

// A record is a JSON list of its members, in this order and of these kinds.
// JSON also says what UTF-8 cannot: half a surrogate pair.
const KINDS = "number,string,string,string,string,number,number,number";
const MOST_BYTES = 25 * 1024 * 1024;
// Both in seconds. KV takes no shorter ones.
const SHORTEST_LIFE = 60;
const SHORTEST_CACHE = 30;
// In seconds, 31 years: nobody says what KV does with more.
const LONGEST_LIFE = 1e9;
// An entry of a list outlives the end that its record had first, in ms: no
// update writes it again, and another `absoluteTimeout` may move that end.
const LISTED_FOR = 30 * 86_400_000;
// So many records are read at once for a list.
const PAGE = 100;
// KV takes one write per key in a second.
const SECOND = 1_000;

/**
 * Keeps sessions in a Workers KV namespace: cheap reads all over the world, of
 * what was written a minute ago.
 *
 * KV has neither an order of writes nor a way to compare and swap. What
 * `withSession` makes of it is this:
 *
 * - A visitor reads what he has written, wherever his next request lands: his
 *   cookie carries the data for as long as a write may be on its way, and says
 *   later on which revision to wait for. This counts on KV to deliver a write
 *   within 60 s; Cloudflare says "60 seconds or more".
 * - Of two requests that write at the same time, the later one wins: changes
 *   can be lost. `update` never says `"conflict"` or `"gone"`.
 * - A session that ends is over for its own visitor at once. A copy of his
 *   cookie is good for up to `carry` seconds more, and if it is used to write
 *   in that time, for as long as the session would have been.
 * - `revoke` and `revokeAll` are of no use without `revocations`: the session
 *   that they end goes on elsewhere, and its next write brings it back. Give
 *   `withSession` a strong store as `revocations`, and every end counts at once.
 *
 * The costs and limits:
 *
 * - `get`, `update` and `delete` are one operation each, `create` is one, with
 *   a user two. No `create` looks first whether there is a record: KV would
 *   remember that there was none.
 * - KV takes one write per key in a second. The second one waits for a second,
 *   then it is tried once more.
 * - There is no `touch`: it would be a write.
 * - A record may take 25 MiB. An expired one is removed by KV.
 * - `listByUser` and `count(user)` read each record. They go by the user whom a
 *   record was created with: a login makes a new one. A session may be missing
 *   for as long as `carry` after its creation, and be there for as long after
 *   its end. What has ended costs its read until 30 days after its `expiresAt`.
 * - `count()` of all is not possible, as that would be a read for each.
 *
 * @example
 * ```ts ignore
 * import { withSession } from "with-session";
 * import { CloudflareKvStore } from "with-session/stores/cloudflare-kv";
 *
 * export default {
 *   fetch: withSession(handler, (env) => ({
 *     secret: env.SESSION_SECRET,
 *     store: new CloudflareKvStore(env.SESSIONS),
 *   })),
 * };
 * ```
 */
export class CloudflareKvStore implements SessionStore {
  /** KV shows a write to other locations some time later. */
  readonly consistency: "eventual" = "eventual";
  /** For how many seconds after a write the cookie carries the data. */
  readonly carry: number;

  readonly #namespace: KvNamespaceLike;
  readonly #prefix: string;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;

  /**
   * Makes a store of a namespace, as a Worker has it in its `env`.
   *
   * @throws {TypeError} If an argument is of the wrong kind.
   * @throws {RangeError} If `prefix` or `carry` is out of range.
   */
  constructor(
    namespace: KvNamespaceLike,
    options: CloudflareKvStoreOptions = {},
  ) {
    const { prefix = "session:", carry = 90 } = options;
    const { now = Date.now, wait = pause } = options;
    for (const name of ["get", "put", "delete", "list"] as const) {
      if (typeof namespace?.[name] !== "function") {
        throw new TypeError(`Argument namespace must have a method ${name}`);
      }
    }
    if (typeof prefix !== "string" || typeof carry !== "number") {
      throw new TypeError("Options must be: prefix a string, carry a number");
    }
    if (typeof now !== "function" || typeof wait !== "function") {
      throw new TypeError("Options now and wait must be functions");
    }
    if (!/^[!-~]{0,200}$/.test(prefix)) {
      throw new RangeError(
        "Option prefix must be at most 200 ASCII characters, no blanks",
      );
    }
    if (!(carry >= 90 && carry <= 86_400)) {
      throw new RangeError("Option carry must be from 90 to 86400 seconds");
    }
    this.carry = carry;
    this.#namespace = namespace;
    this.#prefix = prefix;
    this.#now = now;
    this.#wait = wait;
  }

  /** Writes a new record; `true` in any case, as it does not look first. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const { user, expiresAt } = record;
    const text = encode(record);
    await Promise.all([
      this.#put(key, text, expiresAt),
      user && this.#put(`u:${user}:${key}`, "1", expiresAt + LISTED_FOR),
    ]);
    return true;
  }

  /** The record by this key as this location knows it, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const text = await this.#namespace.get(this.#prefix + key, {
      type: "text",
      // What is read while a write is on its way is forgotten before the
      // cookie no longer carries the data.
      cacheTtl: SHORTEST_CACHE,
    });
    const record = decode(text);
    return record && record.expiresAt > this.#now() ? record : null;
  }

  /** Writes a record, whatever is there: `"ok"` in any case. */
  async update(key: string, record: SessionRecord): Promise<UpdateResult> {
    checkKey(key);
    await this.#put(key, encode(record), record.expiresAt);
    return "ok";
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    // It stays in its user's list, where it is left out.
    await this.#write(() => this.#namespace.delete(this.#prefix + key));
  }

  /** A user's records as this location knows them, one read for each. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    if (!user) return;
    const prefix = `${this.#prefix}u:${user}:`;
    let cursor: string | null | undefined;
    do {
      const page = await this.#namespace.list({
        prefix,
        limit: PAGE,
        ...cursor && { cursor },
      });
      const keys = page.keys.map(({ name }) => name.slice(-43));
      const records = await Promise.all(keys.map((key) => this.get(key)));
      for (const [place, key] of keys.entries()) {
        const record = records[place];
        if (record?.user !== user) continue;
        const { id, label, createdAt, lastSeenAt, expiresAt } = record;
        yield { key, id, label, createdAt, lastSeenAt, expiresAt };
      }
      cursor = page.list_complete ? null : page.cursor;
    } while (cursor);
  }

  /**
   * How many records there are of a user, one read for each.
   *
   * @throws {SessionError} `unsupported` without a user.
   */
  async count(user?: string): Promise<number> {
    if (user === undefined) {
      throw new SessionError(
        "unsupported",
        "Store counts the sessions of one user, not all",
      );
    }
    let count = 0;
    for await (const _ of this.listByUser(user)) count++;
    return count;
  }

  async #put(name: string, text: string, expiresAt: number): Promise<void> {
    // By this store's own clock, which need not be KV's.
    const left = Math.ceil((expiresAt - this.#now()) / 1000);
    const expirationTtl = Math.min(
      Math.max(left, SHORTEST_LIFE),
      LONGEST_LIFE,
    );
    await this.#write(() =>
      this.#namespace.put(this.#prefix + name, text, { expirationTtl })
    );
  }

  /** Writes, and once more if KV has had a write to this key just now. */
  async #write(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      // "KV PUT failed: 429 Too Many Requests"
      if (!/\b429\b/.test(`${(error as Error)?.message}`)) throw error;
      await this.#wait(SECOND);
      await write();
    }
  }
}

function encode(record: SessionRecord): string {
  const { revision, value, id, user, label } = record;
  const { createdAt, lastSeenAt, expiresAt } = record;
  const text = JSON.stringify(
    [revision, value, id, user, label, createdAt, lastSeenAt, expiresAt],
  );
  // No character takes more than 3 bytes.
  if (text.length * 3 > MOST_BYTES) {
    const { length } = new TextEncoder().encode(text);
    if (length > MOST_BYTES) {
      throw new SessionError(
        "oversize",
        `Record of ${length} bytes, ${MOST_BYTES} at most`,
      );
    }
  }
  return text;
}

/** The record of a text, `null` if it is none. */
function decode(text: string | null): SessionRecord | null {
  let values;
  try {
    values = JSON.parse(text ?? "");
  } catch {
    return null;
  }
  if (!Array.isArray(values)) return null;
  if (`${values.map((value) => typeof value)}` !== KINDS) return null;
  const [revision, value, id, user, label, createdAt, lastSeenAt, expiresAt] =
    values;
  const record = { revision, value, id, user, label, createdAt, lastSeenAt };
  return { ...record, expiresAt };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
