/**
 * A session at rest, as a store keeps it. Times are in ms since 1970.
 *
 * Only `expiresAt` and `revision` mean something to a store, and `user` to one
 * that can list; it keeps and returns the others as they are.
 *
 * A record stays by its key for the session's whole life: a login, a new
 * generation of its token and the end of both are changes of this one record.
 */
export interface SessionRecord {
  /** 1 for a new record, one more with each update. */
  readonly revision: number;
  /** The session's data, any text: with `encrypt`, nobody else can read it. */
  readonly value: string;
  /** The session's public id. */
  readonly id: string;
  /**
   * Whose session it is: 43 characters that stand for a user, or `""`. An
   * update may change it.
   */
  readonly user: string;
  /** The device's name, any text; `""` without one. */
  readonly label: string;
  /** Start of the session, or its last login. */
  readonly createdAt: number;
  /** Its last use that was written down. */
  readonly lastSeenAt: number;
  /** From this instant on, there is no such record. */
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
 * A back end that keeps sessions; five members make one.
 *
 * The rules, which the cases of `with-session/testing` check as far as a harness
 * lets them:
 *
 * - A key is 43 characters of base64url, a hash that the core makes. Any other
 *   key is refused with a `TypeError` (`checkKey`), and never reaches the back
 *   end.
 * - A record past its `expiresAt` does not exist, whether the back end has
 *   removed it or not: `get` resolves `null`, `update` resolves `"gone"`,
 *   `create` puts a new record in its place.
 * - What goes in comes out, character by character, as a copy, and never a mix
 *   of two versions.
 * - A method rejects if the back end failed, and only then: what cannot be read
 *   is never "no record". Nobody knows what became of a write that failed; the
 *   core looks into the record, whose `value` names the last writes.
 * - A value that the back end cannot hold is refused before it is sent, with a
 *   {@linkcode SessionError} `oversize`. A table that is missing is refused with
 *   a `SessionError` `store-failed` that names the call that makes it.
 * - `delete` has to work where nothing else can be written any more: out of
 *   space, a session can still end.
 */
export interface SessionStore {
  /**
   * `"strong"`: a method sees every write that was acknowledged before, and of
   * two updates from one revision, one loses. `"eventual"`: neither is certain,
   * and the core does what it can.
   */
  readonly consistency: "strong" | "eventual";
  /**
   * Of an eventual store: for how many seconds after a write another reader may
   * not have it yet. For so long, the visitor's cookie carries the data.
   *
   * @default {90}
   */
  readonly carry?: number | undefined;
  /**
   * Whether the back end may drop records before their `expiresAt`, out of
   * room. Such a store cannot keep `revocations`; one that drops sessions alone,
   * and never a record without an `id`, may say no.
   *
   * @default {false}
   */
  readonly evicts?: boolean | undefined;
  /** Inserts a record; `false` and no change if there is one by this key. */
  create(key: string, record: SessionRecord): Promise<boolean>;
  /** The record by this key, or `null`. */
  get(key: string): Promise<SessionRecord | null>;
  /**
   * Replaces a record if it still has this revision, in one step. It never
   * inserts: a session that has ended stays ended.
   *
   * If `record` has another `user`, the list of the old one loses it and the
   * list of the new one has it.
   *
   * @param revision That of the record to replace; `record` has a higher one.
   */
  update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult>;
  /**
   * Removes a record, whatever its revision, and what its user's list has of it;
   * one that does not exist is no error.
   */
  delete(key: string): Promise<void>;

  /**
   * Moves the times of a record forward, and nothing else: of each time, the
   * later one stays, as the request that touches it may have read the record
   * long ago. Its data and its revision stay, so that no update fails by it. It
   * never inserts.
   *
   * @returns Whether there is such a record.
   */
  touch?(key: string, lastSeenAt: number, expiresAt: number): Promise<boolean>;
  /**
   * A user's records, in any order. It need not be a snapshot: a record that is
   * the user's from the beginning of the list to its end is in it exactly once,
   * one that comes or goes meanwhile may be. What has expired or was deleted
   * before is not, and costs a later list nothing.
   */
  listByUser?(user: string): AsyncIterable<SessionListing>;
  /**
   * How many records there are, of a user or in all; it may include, for a
   * while, some that have expired and not been removed yet.
   */
  count?(user?: string): Promise<number>;
  /**
   * Removes records that expired before an instant, in ms since 1970.
   *
   * @returns How many.
   */
  deleteExpired?(now: number): Promise<number>;
}

const KEY = /^[A-Za-z0-9_-]{43}$/;

/**
 * Refuses a key that the core has not made.
 *
 * @throws {TypeError} If it is not 43 characters of base64url.
 */
export function checkKey(key: string): void {
  // The key is not quoted: it may be somebody's token.
  if (typeof key !== "string" || !KEY.test(key)) {
    throw new TypeError(
      "Cannot use a key other than 43 characters of base64url",
    );
  }
}
