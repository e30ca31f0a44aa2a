/**
 * A session as a store keeps it. Times are in ms since 1970.
 *
 * Only `expiresAt` and `revision` mean something to a store, and `user` to one
 * that can list; it keeps and returns the other fields as they are.
 *
 * In a strong store, a session has one record under one key for its whole life:
 * logins and new cookies are changes of that record.
 */
export interface SessionRecord {
  /** 1 for a new record, and one more with each update. */
  readonly revision: number;
  /**
   * The session's data, any text; with `encrypt`, only its visitor's cookie
   * opens it.
   */
  readonly value: string;
  /** The session's public id. */
  readonly id: string;
  /**
   * The session's user, as 43 characters that stand for the user's id, or `""`.
   * An update may change it.
   */
  readonly user: string;
  /** The device's name, any text; `""` without one. */
  readonly label: string;
  /** When the session began, or its last login. */
  readonly createdAt: number;
  /** The last use that the store was told of. */
  readonly lastSeenAt: number;
  /** From this instant on, the record no longer exists. */
  readonly expiresAt: number;
}

/** A record without its data, as a list of a user's sessions has it. */
export interface SessionListing
  extends Omit<SessionRecord, "revision" | "value" | "user"> {
  /** The record's key. */
  readonly key: string;
}

/** What an update did. */
export type UpdateResult = "ok" | "conflict" | "gone";

/**
 * A back end that keeps sessions. Five members are required.
 *
 * The rules, which the cases of `with-session/testing` check as far as a
 * harness lets them:
 *
 * - A key is 43 characters of base64url, a hash that the core makes. A method
 *   refuses any other key with a `TypeError` (`checkKey`), before it reaches
 *   the back end.
 * - A record past its `expiresAt` does not exist, whether the back end has
 *   removed it or not: `get` resolves to `null`, `update` to `"gone"`, and
 *   `create` puts a new record in its place.
 * - A record comes out as it went in, character by character, as a copy, and is
 *   never a mix of two versions.
 * - A method rejects if the back end failed, and only then: a record that
 *   cannot be read is never reported as absent. Nobody knows whether a write
 *   that failed has arrived; the core looks into the record, whose `value`
 *   names the last writes.
 * - A value that the back end cannot hold is refused before it is sent, with a
 *   {@linkcode SessionError} `oversize`. A missing table is refused with a
 *   `SessionError` `store-failed` that names the call that makes the table.
 * - `delete` must work where nothing else can be written any more: a session
 *   can still end when the space has run out.
 */
export interface SessionStore {
  /**
   * `"strong"`: a method sees every write that was acknowledged before, and of
   * two updates of one revision, one loses. `"eventual"`: neither is certain,
   * and the core makes up for it as far as it can.
   */
  readonly consistency: "strong" | "eventual";
  /**
   * Of an eventual store: for how many seconds after a write another reader may
   * still miss it. For that long, the visitor's cookie carries the data.
   *
   * @default {90}
   */
  readonly carry?: number | undefined;
  /**
   * Whether the back end may drop records before their `expiresAt`, to make
   * room. Such a store cannot keep `revocations`. A store that drops sessions
   * but never a record without an `id` may say `false`.
   *
   * @default {false}
   */
  readonly evicts?: boolean | undefined;
  /** Inserts a record; `false`, and no change, if the key already has one. */
  create(key: string, record: SessionRecord): Promise<boolean>;
  /** Resolves to the record of a key, or `null`. */
  get(key: string): Promise<SessionRecord | null>;
  /**
   * Replaces a record in one step if it still has this revision. It never
   * inserts: a session that has ended stays ended.
   *
   * If `record` has another `user`, it moves from the old user's list to the
   * new one's.
   *
   * @param revision The revision of the record to replace; that of `record` is
   * higher.
   */
  update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult>;
  /**
   * Removes a record, whatever its revision, and its entry in its user's list.
   * A record that does not exist is no error.
   */
  delete(key: string): Promise<void>;

  /**
   * Moves the times of a record forward, and changes nothing else. Of each
   * time, the later one stays, as the request that touches the record may have
   * read it long ago. Data and revision stay, so that no update fails because
   * of a touch. It never inserts.
   *
   * @returns Whether there is such a record.
   */
  touch?(key: string, lastSeenAt: number, expiresAt: number): Promise<boolean>;
  /**
   * Yields a user's records, in any order. The list need not be a snapshot: a
   * record that stays the user's while the list is read is in it exactly once,
   * and one that comes or goes meanwhile may be in it. A record that expired or
   * was deleted before is not in it, and does not slow down later lists.
   */
  listByUser?(user: string): AsyncIterable<SessionListing>;
  /**
   * Counts the records, of a user or in all. For a while, the count may include
   * expired records that are not removed yet.
   */
  count?(user?: string): Promise<number>;
  /**
   * Removes the records that expired before an instant, in ms since 1970.
   *
   * @returns How many it removed.
   */
  deleteExpired?(now: number): Promise<number>;
}

const KEY = /^[A-Za-z0-9_-]{43}$/;

/**
 * Refuses a key that the core has not made.
 *
 * @throws {TypeError} If the key is not 43 characters of base64url.
 */
export function checkKey(key: string): void {
  // Do not quote the key: it may be somebody's token.
  if (typeof key !== "string" || !KEY.test(key)) {
    throw new TypeError(
      "Cannot use a key other than 43 characters of base64url",
    );
  }
}
