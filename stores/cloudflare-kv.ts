/**
 * Sessions in Cloudflare Workers KV.
 *
 * @module
 */
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import { KnownEntries } from "./cloudflare-kv/known_entries.ts";
import { type KvNamespaceLike, KvTexts } from "./cloudflare-kv/client.ts";
import { lengthOf, listingOf, needUser } from "./shared/lists.ts";
import {
  ASCII,
  checkMethods,
  checkPrefix,
  complete,
} from "./shared/options.ts";
import { pause } from "./shared/pause.ts";
import { checkSize, decodeRecord, encodeRecord } from "./shared/record.ts";

export type { KvNames, KvNamespaceLike } from "./cloudflare-kv/client.ts";

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

const MAX_BYTES = 25 * 1024 * 1024;
const HOUR = 3_600_000;
// How much longer than its record an entry of a list is kept, so that it need
// not be written again each time the end is put off.
const LONGER = 24 * HOUR;
// How many entries without a record one list removes.
const REMOVED_BY_LIST = 10;
// KV takes one write per key in a second. In ms, for how long a write is tried
// again: less than the time that a request has.
const PATIENCE = 4_000;

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
 *   isolate are one, after the first of them. The time is enough for three
 *   isolates with one write each at the same moment; of five, one write in 5
 *   fails, of ten more than half. Three with several writes each need two
 *   turns, and one may fail.
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

  readonly #texts: KvTexts;
  readonly #now: () => number;
  readonly #known: KnownEntries = new KnownEntries();

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
    checkMethods("namespace", namespace, "get", "put", "delete", "list");
    checkPrefix(prefix, ASCII);
    if (!(carry >= 90 && carry <= 86_400)) {
      throw new RangeError("Option carry must be from 90 to 86400 seconds");
    }
    this.carry = carry;
    this.#texts = new KvTexts(namespace, prefix, now, wait);
    this.#now = now;
  }

  /** Writes a new record; `true` in any case, as it does not look first. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    this.#known.forget(key);
    await this.#save(key, record);
    return true;
  }

  /** The record by this key as this location knows it, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    return this.#read(key, await this.#texts.get(key));
  }

  /** Writes a record, whatever is there: `"ok"` in any case. */
  async update(key: string, record: SessionRecord): Promise<UpdateResult> {
    checkKey(key);
    // A record without an id is how a session ends in an eventual store.
    if (record.id) await this.#save(key, record);
    else await this.#end(key, this.#putter(key, record));
    return "ok";
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#end(key, () => this.#texts.delete(key));
  }

  /** A user's records as this location knows them, which it reads. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    if (!user) return;
    let cursor: string | null | undefined;
    let removable = REMOVED_BY_LIST;
    do {
      const page = await this.#texts.list(entryOf("", user), cursor);
      const keys = page.keys.map(({ name }) => name.slice(-43));
      const records = await this.#readAll(keys);
      for (const [place, key] of keys.entries()) {
        const record = records[place];
        if (record?.user === user) yield listingOf(key, record);
        else if (removable > 0 && this.#isOld(page.keys[place]?.metadata)) {
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
    return await lengthOf(this.listByUser(needUser(user)));
  }

  /** The record of a text, if it has not expired. */
  #read(key: string, text: string | null | undefined): SessionRecord | null {
    const record = decodeRecord(text);
    if (!record || record.expiresAt <= this.#now()) return null;
    // Its entry was written before it, and outlives it.
    this.#known.note(key, record.user, record.expiresAt);
    return record;
  }

  async #readAll(keys: readonly string[]): Promise<(SessionRecord | null)[]> {
    if (keys.length === 0) return [];
    const texts = await this.#texts.getAll(keys);
    return texts
      ? keys.map((key, place) => this.#read(key, texts[place]))
      : await Promise.all(keys.map((key) => this.get(key)));
  }

  /** Writes a record, and before it the entry in its user's list. */
  async #save(key: string, record: SessionRecord): Promise<void> {
    const put = this.#putter(key, record);
    const { user, expiresAt } = record;
    const patience = { left: PATIENCE };
    const known = this.#known.get(key);
    if (user && !(known?.user === user && known.until >= expiresAt)) {
      const until = expiresAt + LONGER;
      const name = entryOf(key, user);
      await this.#texts.insist(
        () => this.#texts.put(name, "1", until, { metadata: this.#now() }),
        patience,
      );
      this.#known.note(key, user, until);
    }
    await this.#texts.insist(put, patience);
    this.#known.note(key, user, expiresAt);
  }

  /** How to write a record as it is now, whatever its caller does to it later. */
  #putter(key: string, record: SessionRecord): () => Promise<void> {
    const text = encode(record);
    const { expiresAt } = record;
    return () => this.#texts.put(key, text, expiresAt);
  }

  /** Ends a record, and removes the entry in its user's list. */
  async #end(key: string, write: () => Promise<void>): Promise<void> {
    // If it cannot be read, it ends all the same, and a later list removes the
    // entry.
    const known = this.#known.get(key) ?? await this.get(key).catch(() => null);
    await this.#texts.insist(write, { left: PATIENCE });
    if (known?.user) await this.#unlist(key, known.user);
    this.#known.forget(key);
  }

  async #unlist(key: string, user: string): Promise<void> {
    if (this.#known.get(key)?.user === user) this.#known.forget(key);
    // An entry too many is not worth an error.
    await this.#texts.delete(entryOf(key, user)).catch(() => {});
  }

  /** Whether an entry's record, if it is not here yet, is not on its way either. */
  #isOld(written: unknown): boolean {
    return !(Number(written) > this.#now() - HOUR - this.carry * 1000);
  }
}

/** The name of a record's entry in the list of a user. */
function entryOf(key: string, user: string): string {
  return `u:${user}:${key}`;
}

function encode(record: SessionRecord): string {
  const text = encodeRecord(record);
  // No character takes more than 3 bytes.
  if (text.length * 3 > MAX_BYTES) {
    checkSize(new TextEncoder().encode(text).length, MAX_BYTES, "KV takes");
  }
  return text;
}
