/**
 * The Durable Object of `DurableObjectStore`.
 *
 * @module
 */

// The storage answers at once, but calls from outside take a promise.
// deno-lint-ignore-file require-await

// @ts-ignore: A module of workerd, whose types are in a package of their own.
import { DurableObject } from "cloudflare:workers";
import type {
  SessionListing,
  SessionRecord,
  UpdateResult,
} from "../../src/store/contract.ts";

/** What a {@linkcode SessionObject} uses of a Durable Object's storage. */
export interface SessionObjectStorage {
  /** Its synchronous part, in SQLite. */
  readonly kv: {
    /** A value, `undefined` if there is none. */
    get(key: string): unknown;
    /** Writes a value. */
    put(key: string, value: unknown): void;
    /** Removes a value. */
    delete(key: string): boolean;
    /** Values in the order of their keys. */
    list(
      options: { startAfter?: string; limit: number },
    ): Iterable<[string, unknown]>;
  };
  /** When the alarm goes off, in ms since 1970. */
  getAlarm(): Promise<number | null>;
  /** Sets the alarm, in ms since 1970. */
  setAlarm(time: number): Promise<void>;
  /** Takes the alarm back. */
  deleteAlarm(): Promise<void>;
  /** Removes all there is, so that nothing is left to pay for. */
  deleteAll(): Promise<void>;
}

/** What the runtime hands to a {@linkcode SessionObject}. */
export interface SessionObjectState {
  /** What the object keeps. */
  readonly storage: SessionObjectStorage;
}

/** A session's entry in the list of its user. */
export interface SessionMark {
  /** Whose list. */
  readonly user: string;
  /** Tells it from an earlier or later entry of the same session. */
  readonly token: string;
  /** Until when the list keeps it, in ms since 1970. */
  readonly until: number;
}

/** An entry as the list of a user has it. */
export interface SessionMarkEntry {
  /** The key of the record. */
  readonly key: string;
  /** See {@linkcode SessionMark}. */
  readonly token: string;
  /** When it was made, in ms since 1970. */
  readonly since: number;
  /** When it is of no use any more, by the platform's clock. */
  readonly ends: number;
}

/** What a write to a session has done. */
export interface SessionAnswer<Result> {
  /** What the method of the store resolves to. */
  readonly result?: Result;
  /** Nothing was written: the list of this user needs a mark first. */
  readonly unmarked?: string;
  /** A mark that is of no use any more. */
  readonly left?: SessionMark | undefined;
}

interface Held {
  readonly record: SessionRecord;
  readonly mark?: SessionMark | undefined;
}

const SESSION = "session";
// How many other marks are looked at when one is made, to remove what has ended.
const SWEPT = 10;
// The runtime takes no alarm after 2189.
const LAST_ALARM = Date.UTC(2189, 0);

/**
 * The class to bind for a `DurableObjectStore`. An object of it keeps one
 * session, or the list of one user's sessions. Nothing but the store calls it.
 *
 * Export it from the Worker, and name it in `wrangler.jsonc`:
 *
 * ```jsonc
 * {
 *   "durable_objects": {
 *     "bindings": [{ "name": "SESSIONS", "class_name": "SessionObject" }]
 *   },
 *   "migrations": [{ "tag": "v1", "new_sqlite_classes": ["SessionObject"] }]
 * }
 * ```
 *
 * An object keeps nothing before it is written to, and nothing when its session
 * has ended. Between reading and writing it awaits nothing, so no other call
 * comes in between.
 *
 * @example
 * ```ts ignore
 * export { SessionObject } from "with-session/stores/durable-object";
 * ```
 */
export class SessionObject extends DurableObject {
  readonly #storage: SessionObjectStorage;

  /** Called by the runtime. */
  constructor(state: SessionObjectState, env: unknown) {
    super(state as never, env as never);
    this.#storage = state.storage;
  }

  /** Inserts the record, if there is none or one that has expired. */
  async create(
    record: SessionRecord,
    now: number,
    mark?: SessionMark,
  ): Promise<SessionAnswer<boolean>> {
    const old = this.#find();
    if (isLive(old, now)) return { result: false };
    await this.#write(heldOf(record, mark), now, old);
    return { result: true, left: leftOf(old, record) };
  }

  /** The record, `null` if it has expired. */
  async read(now: number): Promise<SessionRecord | null> {
    const held = this.#find();
    return isLive(held, now) ? held.record : null;
  }

  /** Replaces the record, if it still has this revision. */
  async update(
    record: SessionRecord,
    revision: number,
    now: number,
    mark?: SessionMark,
  ): Promise<SessionAnswer<UpdateResult>> {
    const old = this.#find();
    if (!isLive(old, now)) return { result: "gone" };
    if (old.record.revision !== revision) return { result: "conflict" };
    const held = heldOf(record, mark ?? old.mark);
    if (!isMarked(held)) return { unmarked: record.user };
    await this.#write(held, now, old);
    return { result: "ok", left: leftOf(old, record) };
  }

  /** Moves the times of the record forward. */
  async touch(
    lastSeenAt: number,
    expiresAt: number,
    now: number,
    mark?: SessionMark,
  ): Promise<SessionAnswer<boolean>> {
    const old = this.#find();
    if (!isLive(old, now)) return { result: false };
    const record = {
      ...old.record,
      lastSeenAt: Math.max(old.record.lastSeenAt, lastSeenAt),
      expiresAt: Math.max(old.record.expiresAt, expiresAt),
    };
    const held = heldOf(record, mark ?? old.mark);
    if (!isMarked(held)) return { unmarked: record.user };
    await this.#write(held, now, old);
    return { result: true };
  }

  /** Removes the record. */
  async remove(): Promise<SessionAnswer<void>> {
    const old = this.#find();
    if (old) await this.#clear();
    return { left: old?.mark };
  }

  /** What the list of this user says of the record, expired or not. */
  async describe(user: string): Promise<Omit<SessionListing, "key"> | null> {
    const record = this.#find()?.record;
    if (record?.user !== user) return null;
    const { id, label, createdAt, lastSeenAt, expiresAt } = record;
    return { id, label, createdAt, lastSeenAt, expiresAt };
  }

  /** In the list of a user: marks a session as the user's. */
  async mark(
    key: string,
    { token, until }: SessionMark,
    now: number,
  ): Promise<void> {
    const { kv } = this.#storage;
    // The session may still be the one for which an earlier mark was made, to last
    // longer.
    const { ends = 0 } = (kv.get(key) ?? {}) as Partial<SessionMarkEntry>;
    const end = Math.max(ends, Date.now() + until - now);
    kv.put(key, { token, since: now, ends: end });
    // Nobody may ever ask for the list, so remove what has ended here. Keys are in
    // no order of time: any marks will do, those behind this one say.
    const options = { startAfter: key, limit: SWEPT };
    for (const [other, mark] of Array.from(kv.list(options))) {
      if ((mark as SessionMarkEntry).ends < Date.now()) kv.delete(other);
    }
    await this.#wake(until - now, await this.#storage.getAlarm() ?? 0);
  }

  /** In the list of a user: removes marks that have not been made again meanwhile. */
  async unmark(
    marks: readonly Pick<SessionMarkEntry, "key" | "token">[],
  ): Promise<void> {
    const { kv } = this.#storage;
    for (const { key, token } of marks) {
      const mark = kv.get(key) as SessionMarkEntry | undefined;
      if (mark?.token === token) kv.delete(key);
    }
    for (const _ of kv.list({ limit: 1 })) return;
    await this.#clear();
  }

  /** In the list of a user: some marks behind a key, in the order of their keys. */
  async marks(after: string, limit: number): Promise<SessionMarkEntry[]> {
    const options = { limit, ...after && { startAfter: after } };
    return Array.from(
      this.#storage.kv.list(options),
      ([key, mark]) => ({ ...mark as SessionMarkEntry, key }),
    );
  }

  /** Called by the runtime when all that the object keeps has expired. */
  async alarm(): Promise<void> {
    // If a write has come at the last moment, it has set another alarm.
    if (await this.#storage.getAlarm() === null) await this.#clear();
  }

  #find(): Held | undefined {
    return this.#storage.kv.get(SESSION) as Held | undefined;
  }

  async #write(held: Held, now: number, old: Held | undefined): Promise<void> {
    this.#storage.kv.put(SESSION, held);
    const { expiresAt } = held.record;
    if (old?.record.expiresAt === expiresAt) return;
    await this.#wake(expiresAt - now);
  }

  /** Sets the alarm, but not back before an instant. */
  async #wake(left: number, before = 0): Promise<void> {
    // How long is left is by the caller's clock, the alarm is by the platform's.
    const end = Math.min(Date.now() + left, LAST_ALARM);
    if (end > before) await this.#storage.setAlarm(end);
  }

  async #clear(): Promise<void> {
    // Before the compatibility date 2026-02-24 the alarm outlives the rest.
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
  }
}

function isLive(held: Held | undefined, now: number): held is Held {
  return held !== undefined && held.record.expiresAt > now;
}

/** A record, with its mark if that is of its user. */
function heldOf(record: SessionRecord, mark: SessionMark | undefined): Held {
  return { record, mark: mark?.user === record.user ? mark : undefined };
}

/** Whether the list of its user has it, for as long as it lives. */
function isMarked({ record: { user, expiresAt }, mark }: Held): boolean {
  return user === "" || (mark !== undefined && mark.until >= expiresAt);
}

/** The mark that goes with the old record and not with the new one. */
function leftOf(
  old: Held | undefined,
  { user }: SessionRecord,
): SessionMark | undefined {
  return old?.mark?.user === user ? undefined : old?.mark;
}
