/**
 * The data of a session without a type: any value by any key. A function that
 * takes a `Session` of this type also takes one whose data has a type.
 */
// deno-lint-ignore no-explicit-any
export type AnyData = any;

/**
 * The type of a value when it is read: neither the value nor anything in it can
 * be changed. Instances of other classes, as a codec makes them, are copies and
 * keep their type.
 *
 * @typeParam Value The type of the value when it is set.
 */
export type DeepReadonly<Value> = unknown extends Value ? Value
  : Value extends
    | string
    | number
    | bigint
    | boolean
    | symbol
    | null
    | undefined
    | Date
    | RegExp
    | URL
    | ArrayBuffer
    | ArrayBufferView
    | ((...args: never[]) => unknown) ? Value
  : Value extends ReadonlyMap<infer Key, infer Item>
    ? ReadonlyMap<Key, DeepReadonly<Item>>
  : Value extends ReadonlySet<infer Item> ? ReadonlySet<DeepReadonly<Item>>
  // Arrays, but not tuples. Data types may refer to themselves through arrays.
  : number extends Extract<Value, readonly unknown[]>["length"]
    ? readonly DeepReadonly<Extract<Value, readonly unknown[]>[number]>[]
  : { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> };

/**
 * A visitor's session.
 *
 * Values are copied when they are set and read-only when they are read: to
 * change one, set it again or use `update`.
 *
 * @typeParam Data The shape of the data. Any of its values may be absent.
 */
export interface Session<Data extends object = AnyData> {
  // `toJSON` comes first: having met its mapped type, the compiler compares two
  // sessions by their members, and a session with more data can stand for one
  // with less.
  /** Returns all values, as a new object. */
  toJSON(): { [Key in keyof Data]?: DeepReadonly<Data[Key]> };
  /**
   * The session's public id, safe to log and to show: nobody can open the
   * session with it. In a strong store it stays for the session's whole life;
   * elsewhere `login()` and `regenerate()` change it.
   */
  readonly id: string;
  /** Whether this session has just begun: the request brought no valid one. */
  readonly isNew: boolean;
  /** The user who logged in, as given to {@linkcode Session.login}. */
  readonly userId: string | undefined;
  /** When the session began, or its last login, in ms since 1970. */
  readonly createdAt: number;
  /** When the session ends if it is not used again, in ms since 1970. */
  readonly expiresAt: number;

  /** Returns a value, read-only; with a schema, as the schema makes it. */
  get<Key extends keyof Data & string>(
    key: Key,
  ): DeepReadonly<Data[Key]> | undefined;
  /**
   * Sets a value to a copy of `value`; `undefined` removes it. With a schema,
   * `value` is the schema's input: `get` returns it unconverted until `save()`
   * or the next request.
   *
   * @throws {SessionError} `invalid-data` if the codec cannot represent the
   * value, if JSON would change it, or if the key is reserved: `__proto__`, or
   * any that begins with `~`.
   */
  set<Key extends keyof Data & string>(
    key: Key,
    value: Data[Key] | DeepReadonly<Data[Key]>,
  ): void;
  // Not methods: their parameters would let a session with fewer keys stand for
  // one with more.
  /** Whether a key has a value. */
  readonly has: (key: keyof Data & string) => boolean;
  /** Removes a value. */
  readonly delete: (key: keyof Data & string) => void;
  /** Removes all values and notices; the user and the id stay. */
  clear(): void;
  /** Returns the keys of all values. */
  keys<Key extends keyof Data & string = keyof Data & string>(): Key[];

  /**
   * Sets a value to what `change` returns for the current one.
   *
   * @param change Gets a copy of the value, which it may modify, and returns
   * the new value; to remove a value, call `delete()`. It must have no side
   * effects: with a store, it runs again on fresh data if another request wrote
   * first.
   * @returns The new value, read-only.
   *
   * @throws {SessionError} `invalid-data` if `change` returns `undefined` or
   * what `set` refuses.
   */
  update<Key extends keyof Data & string>(
    key: Key,
    change: (
      value: Data[Key] | undefined,
    ) => Exclude<Data[Key] | DeepReadonly<Data[Key]>, undefined>,
  ): DeepReadonly<Data[Key]>;
  /**
   * Returns a value and removes it, on a `HEAD` request too: for a code that is
   * good once.
   */
  take<Key extends keyof Data & string>(
    key: Key,
  ): DeepReadonly<Data[Key]> | undefined;
  /** Adds a notice that stays until it is read, in any later request. */
  flash(key: string, value: unknown): void;
  /**
   * Returns the notices of a key, oldest first, and removes them. They are not
   * removed if nobody may see the response: on a `HEAD` request, and on one
   * that the browser makes in advance (`Sec-Purpose`).
   */
  flashes<Value = unknown>(key: string): readonly DeepReadonly<Value>[];

  /**
   * Gives the session a new cookie and keeps its data. Call it whenever the
   * visitor's rights change; {@linkcode Session.login} does so itself. With a
   * strong store, earlier cookies of the session stop working. Without a store,
   * a copy of an earlier cookie works until it expires.
   */
  regenerate(): void;
  /**
   * Logs a user in: the session gets a new cookie, as by
   * {@linkcode Session.regenerate}, and its timeouts start again. Values set
   * before the login stay, unless another user was logged in: then they are
   * removed.
   *
   * With a strong store, a request that opened the session before the login can
   * no longer change it: what it writes is refused with `gone`, unless the same
   * user was logged in already. A login itself is never refused with `gone`: if
   * the session has ended meanwhile, it begins a new one.
   *
   * @param userId Any text that names the user.
   * @param options `label`: the device's name in `sessions.list()`. Without a
   * store there is no such list, and the label is not stored.
   *
   * @throws {TypeError} If `userId` is empty or not a string.
   */
  login(userId: string, options?: { label?: string | undefined }): void;
  /**
   * Ends the session for good, even if the handler throws afterwards. A later
   * write throws; {@linkcode Session.reset} begins another session instead.
   */
  destroy(): void;
  /**
   * Ends the session as {@linkcode Session.destroy} does, and begins a new,
   * empty one with another id and no user: for a notice such as "You have
   * signed out", or to keep the language. If nothing is set in the new session,
   * the cookie is cleared.
   */
  reset(): void;
  /**
   * Chooses how long this session lasts in the browser, whatever the option
   * `persistent` says: with `true` it outlives the browser, with `false` it
   * ends with it, and a number of seconds also becomes its idle timeout
   * ("remember me").
   *
   * @throws {RangeError} If seconds are no integer from 1 to `absoluteTimeout`.
   */
  persist(choice: boolean | number): void;
  /**
   * Saves the session now, before the response leaves.
   *
   * With a store, the changes are written or, after `destroy()`, the session is
   * ended. Afterwards the session shows what is stored, other requests' changes
   * included. Jobs and sockets need nothing else. In a strong store, the body
   * of a response may call it too, if the session was read or written before
   * the response left: it can save values and notices, but nothing that needs
   * another cookie. Each call may take `storeTimeout`, however long the request
   * has waited before. Without changes, the session is only read again, as by
   * `reload()`. Changes made during a save wait for the next one. An empty
   * session that was never saved gets no record.
   *
   * Without a store, it only tries whether the session can be sealed, so that
   * the handler can catch the error: the cookie is made when the response
   * leaves.
   *
   * @throws {SessionError} `oversize` or `invalid-data`; with a store also
   * `gone`, `conflict` or `store-failed`. The changes are not lost by that, and
   * another `save()` tries again; a write that did arrive is not made twice. An
   * error that nobody waits for shows at the end of the request.
   */
  save(): Promise<void>;
  /**
   * Reads the session again from its store, with the unsaved changes on top:
   * for a socket or a job that runs for longer than what it has read stays
   * true. Each call may take `storeTimeout`. A session that has no record yet
   * is not read. Without a store, only `revocations` are asked.
   *
   * @throws {SessionError} `gone` if the session has ended or another user has
   * logged in since; with a store also `store-failed`.
   */
  reload(): Promise<void>;
}

/** A session in the list of a user's sessions. Times are in ms since 1970. */
export interface SessionInfo {
  /** The session's public id. */
  readonly id: string;
  /** The device's name, as given to `login()`; `""` without one. */
  readonly label: string;
  /** The last login. */
  readonly createdAt: number;
  /** The last use that the store was told of (see `trackIdle`). */
  readonly lastSeenAt: number;
  /** When the session's record expires; its cookie may expire before. */
  readonly expiresAt: number;
}
