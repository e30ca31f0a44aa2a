/**
 * Sessions in Durable Objects of Cloudflare.
 *
 * @module
 */
import { readOn } from "../src/options/check.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import {
  type SessionNamespace,
  SessionObjects,
} from "./durable-object/client.ts";
import { type MarkName, Marks } from "./durable-object/marks.ts";
import type {
  SessionAnswer,
  SessionMark,
  SessionMarkEntry,
  SessionObject,
} from "./durable-object/session_object.ts";
import { worded } from "./shared/failure.ts";
import { lengthOf, listingOf, needUser } from "./shared/lists.ts";
import { checkPrefix, complete, PLAIN } from "./shared/options.ts";
import { checkSize, fromValues, toValues } from "./shared/record.ts";

export type { SessionNamespace } from "./durable-object/client.ts";
export {
  type SessionAnswer,
  type SessionMark,
  type SessionMarkEntry,
  SessionObject,
  type SessionObjectState,
  type SessionObjectStorage,
} from "./durable-object/session_object.ts";

/** What a {@linkcode DurableObjectStore} can be told. */
export interface DurableObjectStoreOptions {
  /**
   * What the names of all objects begin with: letters, digits, underscores and
   * hyphens.
   *
   * @default {"session"}
   */
  readonly prefix?: string | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

// An object takes 2 000 000 bytes as one value, and two bytes for a character
// of some texts; the other members take less than 1000.
const MAX_BYTES = 1_999_000;
const PAGE = 100;
// How many sessions of a list are asked at once: of the 50 calls that a request
// has, some must be left to end them.
const AT_ONCE = 20;
const HOUR = 3_600_000;

/**
 * Keeps each session in a Durable Object of its own, which is made near whoever
 * begins it and does one thing at a time.
 *
 * - It is strong, all over the world. What was acknowledged outlives a machine.
 * - A user's sessions are listed in an object of their own, with a mark for each.
 *   A mark is made before its record is written, and removed after it. So a
 *   Worker that dies can leave a mark without a session, which the list leaves
 *   out and removes an hour later, but no session without a mark.
 * - Nobody knows all objects: `count()` of all and `deleteExpired` are not
 *   possible, and not needed. An alarm removes what has expired.
 * - `value` and `label` may take 999 500 characters together, as JavaScript
 *   counts them.
 *
 * The calls of objects, of which a Worker may do 50 in a request (1000 if paid
 * for):
 *
 * | What                                           | Calls                     |
 * | ---------------------------------------------- | ------------------------- |
 * | `get`, `update`                                | 1                         |
 * | `create`                                       | 1, with a user 2          |
 * | `update` with a new user                       | 3, with an old one 4      |
 * | `update` of a user's session to nobody's       | 2                         |
 * | `touch`, or an update that puts off the end    | 1, once in 7 days 3       |
 * | `delete`                                       | 1, of a user's session 2  |
 * | `listByUser` or `count` of n                   | n, and 1 for each 100     |
 * | the same, and `delete` of each as it comes     | n more, and 1 for each 20 |
 *
 * What is deleted while a list of its user is being made leaves that list in one
 * call for 20. If the limit cuts it short, what was ended stays ended, and
 * whoever begins again goes on from there.
 *
 * The class to bind is {@linkcode SessionObject}. To keep sessions in the
 * European Union, say, pass `env.SESSIONS.jurisdiction("eu")`.
 *
 * This module can be imported in Workers only: it needs `cloudflare:workers`.
 *
 * @example
 * ```ts ignore
 * import { withSession } from "with-session";
 * import { DurableObjectStore } from "with-session/stores/durable-object";
 *
 * export { SessionObject } from "with-session/stores/durable-object";
 *
 * export default {
 *   fetch: withSession(handler, (env: Env) => ({
 *     secret: env.SESSION_SECRET,
 *     store: new DurableObjectStore(env.SESSIONS),
 *   })),
 * };
 * ```
 */
export class DurableObjectStore implements SessionStore {
  /** An object sees all that it has acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #objects: SessionObjects;
  readonly #marks: Marks;
  readonly #now: () => number;

  /**
   * Makes a store of a binding.
   *
   * @throws {TypeError} If an argument is of the wrong kind.
   * @throws {RangeError} If `prefix` has other characters, or none.
   */
  constructor(
    namespace: SessionNamespace,
    options: DurableObjectStoreOptions = {},
  ) {
    const { prefix, now } = complete(options, {
      prefix: "session",
      now: Date.now,
    });
    if (typeof namespace?.idFromName !== "function") {
      throw new TypeError(
        "Argument namespace must be a DurableObjectNamespace" +
          readOn("store-client"),
      );
    }
    checkPrefix(prefix, PLAIN);
    this.#objects = new SessionObjects(namespace, prefix);
    this.#marks = new Marks(this.#objects, now);
    this.#now = now;
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const copy = copyOf(record);
    const { user, expiresAt } = copy;
    return await this.#write(
      key,
      expiresAt,
      (session, mark) => session.create(copy, this.#now(), mark),
      user,
    );
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const record = await worded(
      this.#objects.session(key).read(this.#now()),
    );
    // A copy, as what comes from a call has a hidden method to dispose of it.
    return record && { ...record };
  }

  /** Replaces a record if it still has this revision; it never inserts. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const copy = copyOf(record);
    return await this.#write(
      key,
      copy.expiresAt,
      (session, mark) => session.update(copy, revision, this.#now(), mark),
    );
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    const { left } = await worded(this.#objects.session(key).remove());
    if (left) await this.#marks.drop(key, left);
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    return await this.#write(
      key,
      expiresAt,
      (session, mark) =>
        session.touch(lastSeenAt, expiresAt, this.#now(), mark),
    );
  }

  /** A user's records, one call for each, 20 at a time. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    if (!user) return;
    for (let last = "", more = true; more;) {
      const marks = await worded(this.#objects.list(user).marks(last, PAGE));
      for (let first = 0; first < marks.length; first += AT_ONCE) {
        yield* this.#listed(user, marks.slice(first, first + AT_ONCE));
      }
      last = marks.at(-1)?.key ?? "";
      more = marks.length === PAGE;
    }
  }

  /**
   * How many records a user has.
   *
   * @throws {SessionError} `unsupported` without a user: nobody knows them all.
   */
  async count(user?: string): Promise<number> {
    return await lengthOf(this.listByUser(needUser(user)));
  }

  /**
   * The records of some marks. It removes those without one, and those that its
   * reader ends meanwhile.
   */
  async *#listed(
    user: string,
    marks: readonly SessionMarkEntry[],
  ): AsyncGenerator<SessionListing, void> {
    const found = await Promise.all(
      marks.map(({ key }) => worded(this.#objects.session(key).describe(user))),
    );
    const old = this.#now() - HOUR;
    // A younger mark may be that of a session that is just being written.
    const leaving: MarkName[] = marks.filter(({ since }, place) =>
      !found[place] && since < old
    );
    this.#marks.collect(user, leaving);
    try {
      for (const [place, { key }] of marks.entries()) {
        const entry = found[place];
        if (entry && entry.expiresAt > this.#now()) yield listingOf(key, entry);
      }
    } finally {
      await this.#marks.release(user, leaving);
    }
  }

  /** Writes to a session, after its mark if it needs one. */
  async #write<Result>(
    key: string,
    expiresAt: number,
    call: (
      session: SessionObject,
      mark: SessionMark | undefined,
    ) => Promise<SessionAnswer<Result>>,
    user?: string,
  ): Promise<Result> {
    for (;;) {
      const mark = user
        ? await this.#marks.make(key, user, expiresAt)
        : undefined;
      const answer = await worded(call(this.#objects.session(key), mark));
      if (answer.left) await this.#marks.drop(key, answer.left);
      if (answer.unmarked === undefined) return answer.result as Result;
      user = answer.unmarked;
    }
  }
}

/** The members of a record and no others, if an object can hold them. */
function copyOf(record: SessionRecord): SessionRecord {
  const bytes = 2 * (record.value.length + record.label.length);
  checkSize(bytes, MAX_BYTES, "its object holds");
  return fromValues(toValues(record));
}
