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
} from "../src/store/contract.ts";
import { worded } from "./shared/failure.ts";
import { complete } from "./shared/options.ts";

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

/** A namespace that reads many texts at once, as Cloudflare's can. */
interface BulkReads {
  get(
    names: readonly string[],
    options: { type: "text"; cacheTtl?: number },
  ): Promise<ReadonlyMap<string, string | null> | null>;
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
const HOUR = 3_600_000;
// An entry of a list outlives its record, so that it need not be written again
// each time the end is put off.
const LONGER = 24 * HOUR;
// Of so many names, KV reads the texts at once.
const PAGE = 100;
// So many entries without a record are removed by one list.
const REMOVED_BY_LIST = 10;
// What is read while a write is on its way is forgotten before the cookie no
// longer carries the data.
const READ = { type: "text", cacheTtl: SHORTEST_CACHE } as const;
// KV takes one write per key in a second. In ms, so long a write is tried
// again: less than the time that a request has.
const PATIENCE = 4_000;
// "KV PUT failed: 429 Too Many Requests"
const STATUS = /(?<=failed: )\d+/;
// Of so many records, an isolate remembers whose they are.
const MOST_KNOWN = 1_000;

/** What an isolate knows of a record's entry in a list. */
interface Listed {
  /** Whose list; `""` if it is in none. */
  readonly user: string;
  /** Until when it is there at least, in ms since 1970. */
  readonly until: number;
}

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
 * - Data that does not fit into the cookie is late: for as long as a write is on
 *   its way, a request elsewhere waits for it, and is an error if it does not
 *   come in time (`storeTimeout`, `onStoreError`). Keep sessions below 2.5 kB.
 * - A session that ends is over for its own visitor at once. A copy of his
 *   cookie is good for up to `carry` seconds more, and if it is used to write
 *   in that time, for as long as the session would have been.
 * - `revoke` and `revokeAll` are of no use without `revocations`: the session
 *   that they end goes on elsewhere, and its next write brings it back. Give
 *   `withSession` a strong store as `revocations`, and every end counts at once.
 *
 * A record of a user has an entry in the list of that user, a name of its own.
 * It is written before the record, and removed after the record's end. If a
 * Worker dies in between, or the session passes to another user, an entry
 * without a record is left, which the list leaves out; an hour later, a list
 * removes it.
 *
 * The operations, of which a Worker may do 50 in a request (1000 if paid for):
 *
 * | What                               | Operations                          |
 * | ---------------------------------- | ----------------------------------- |
 * | `get`, `update`                    | 1                                   |
 * | `create`                           | 1, with a user 2                    |
 * | `update` with a new user           | 2                                   |
 * | an end, by `update` or `delete`    | 1, of a user's session 2            |
 * | `listByUser` or `count` of n       | 2 for each 100, and up to 10        |
 *
 * - An isolate that has not read a record lately does one more for the first
 *   `update` with a user, and for an end. One that puts the end of a user's
 *   session off may be one more, too.
 * - In a list, n are the sessions that live, and the entries without one, of
 *   which each list removes up to 10. An expired session is one for a day.
 *   Records of more than 25 MB together are read one by one.
 * - `revokeAll` of n sessions is a list, and then 2 for each. If the limit cuts
 *   it short, what was ended stays ended, and another call goes on from there.
 * - No `create` looks first whether there is a record: KV would remember that
 *   there was none.
 * - KV takes one write per key in a second. A write that is refused for that is
 *   tried again for up to 4 seconds, after half a second to a whole one each
 *   time; each time is an operation. Writes of one session that meet in an
 *   isolate are one. The time is enough for three isolates that write at the
 *   same moment; of five, one write in 5 fails, of ten more than half.
 * - There is no `touch`: it would be a write.
 * - A record may take 25 MiB. An expired one is removed by KV.
 * - A session may be missing in a list for as long as `carry` after its login,
 *   and be there for as long after its end.
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
  /** By key, the latest at the end. */
  readonly #known: Map<string, Listed> = new Map();

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
    const { prefix, carry, now, wait } = complete(options, {
      prefix: "session:",
      carry: 90,
      now: Date.now,
      wait: pause,
    });
    for (const name of ["get", "put", "delete", "list"] as const) {
      if (typeof namespace?.[name] !== "function") {
        throw new TypeError(`Argument namespace must have a method ${name}`);
      }
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
    this.#known.delete(key);
    await this.#save(key, record);
    return true;
  }

  /** The record by this key as this location knows it, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    return this.#read(
      key,
      await worded(this.#namespace.get(this.#prefix + key, READ), STATUS),
    );
  }

  /** Writes a record, whatever is there: `"ok"` in any case. */
  async update(key: string, record: SessionRecord): Promise<UpdateResult> {
    checkKey(key);
    if (record.id) await this.#save(key, record);
    else await this.#end(key, this.#putter(key, record));
    return "ok";
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#end(
      key,
      () => worded(this.#namespace.delete(this.#prefix + key), STATUS),
    );
  }

  /** A user's records as this location knows them, which it reads. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    if (!user) return;
    const prefix = `${this.#prefix}u:${user}:`;
    let cursor: string | null | undefined;
    let removable = REMOVED_BY_LIST;
    do {
      const some = { prefix, limit: PAGE, ...cursor && { cursor } };
      const page = await worded(this.#namespace.list(some), STATUS);
      const keys = page.keys.map(({ name }) => name.slice(-43));
      const records = await this.#readAll(keys);
      for (const [place, key] of keys.entries()) {
        const record = records[place];
        if (record?.user === user) {
          const { id, label, createdAt, lastSeenAt, expiresAt } = record;
          yield { key, id, label, createdAt, lastSeenAt, expiresAt };
        } else if (removable > 0 && this.#isOld(page.keys[place]?.metadata)) {
          removable--;
          await this.#unlist(key, user);
        }
      }
      cursor = page.list_complete ? null : page.cursor;
    } while (cursor);
  }

  /**
   * How many records there are of a user, which it reads.
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

  /** The record of a text, if it lives. */
  #read(key: string, text: string | null | undefined): SessionRecord | null {
    const record = decode(text ?? null);
    if (!record || record.expiresAt <= this.#now()) return null;
    // Whoever wrote it has written its entry before, for longer than it lives.
    this.#note(key, record.user, record.expiresAt);
    return record;
  }

  async #readAll(keys: readonly string[]): Promise<(SessionRecord | null)[]> {
    if (keys.length === 0) return [];
    const names = keys.map((key) => this.#prefix + key);
    const namespace = this.#namespace as unknown as BulkReads;
    try {
      const texts = await namespace.get(names, READ);
      if (texts instanceof Map) {
        return keys.map((key, place) =>
          this.#read(key, texts.get(names[place]))
        );
      }
    } catch {
      // Too much for one answer, or not to be had.
    }
    return await Promise.all(keys.map((key) => this.get(key)));
  }

  /** Writes a record, and before it the entry in its user's list. */
  async #save(key: string, record: SessionRecord): Promise<void> {
    const put = this.#putter(key, record);
    const { user, expiresAt } = record;
    const patience = { left: PATIENCE };
    const known = this.#known.get(key);
    if (user && !(known?.user === user && known.until >= expiresAt)) {
      const until = expiresAt + LONGER;
      const name = this.#entry(key, user);
      await this.#write(
        () => this.#put(name, "1", until, { metadata: this.#now() }),
        patience,
      );
      this.#note(key, user, until);
    }
    await this.#write(put, patience);
    this.#note(key, user, expiresAt);
  }

  /** Ends a record, and removes the entry in its user's list. */
  async #end(key: string, write: () => Promise<void>): Promise<void> {
    // An end does not depend on it.
    const known = this.#known.get(key) ?? await this.get(key).catch(() => null);
    await this.#write(write, { left: PATIENCE });
    if (known?.user) await this.#unlist(key, known.user);
    this.#known.delete(key);
  }

  async #unlist(key: string, user: string): Promise<void> {
    if (this.#known.get(key)?.user === user) this.#known.delete(key);
    // An entry too many is not worth an error.
    await this.#namespace.delete(this.#prefix + this.#entry(key, user))
      .catch(() => {});
  }

  /** Whether what is not here yet cannot be on its way any more. */
  #isOld(written: unknown): boolean {
    return !(Number(written) > this.#now() - HOUR - this.carry * 1000);
  }

  #entry(key: string, user: string): string {
    return `u:${user}:${key}`;
  }

  #note(key: string, user: string, until: number): void {
    const known = this.#known.get(key);
    const longer = known?.user === user ? Math.max(until, known.until) : until;
    this.#known.delete(key);
    this.#known.set(key, { user, until: longer });
    if (this.#known.size <= MOST_KNOWN) return;
    this.#known.delete(this.#known.keys().next().value as string);
  }

  /** How to put a record, as it is now. */
  #putter(key: string, record: SessionRecord): () => Promise<void> {
    const text = encode(record);
    const { expiresAt } = record;
    return () => this.#put(key, text, expiresAt);
  }

  async #put(
    name: string,
    text: string,
    expiresAt: number,
    more?: { metadata: number },
  ): Promise<void> {
    // By this store's own clock, which need not be KV's.
    const left = Math.ceil((expiresAt - this.#now()) / 1000);
    const expirationTtl = Math.min(
      Math.max(left, SHORTEST_LIFE),
      LONGEST_LIFE,
    );
    const options = { expirationTtl, ...more };
    await worded(
      this.#namespace.put(this.#prefix + name, text, options),
      STATUS,
    );
  }

  /** Writes, and again while KV has had a write to this key just now. */
  async #write(
    write: () => Promise<void>,
    patience: { left: number },
  ): Promise<void> {
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
