/**
 * The data of a session without a type: anything by any key. A function that
 * takes a `Session` takes one with a type, too.
 */
// deno-lint-ignore no-explicit-any
export type AnyData = any;

/**
 * What a value is when it is read: neither it nor what is in it can be changed.
 * What a codec makes of other classes is a copy, and stays as it is.
 *
 * @typeParam Value The value as it is set.
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
  // Of lists, and not of tuples; data may be recursive by them.
  : number extends Extract<Value, readonly unknown[]>["length"]
    ? readonly DeepReadonly<Extract<Value, readonly unknown[]>[number]>[]
  : { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> };

/**
 * A visitor's session.
 *
 * Values are copied when they are set and read-only when they are read: to
 * change one, set it again or use `update`.
 *
 * @typeParam Data The shape of the data. Every value may be absent.
 */
export interface Session<Data extends object = AnyData> {
  // It comes first: having met this type, the compiler compares two sessions by
  // their members, and lets one with more data pass for one with less.
  /** All values, as an object of its own. */
  toJSON(): { [Key in keyof Data]?: DeepReadonly<Data[Key]> };
  /**
   * A public handle, safe to log and to show; it opens nothing. In a strong
   * store it stays for the session's whole life; elsewhere `login()` and
   * `regenerate()` make a new one.
   */
  readonly id: string;
  /** Whether the request brought no session. */
  readonly isNew: boolean;
  /** Who logged in, by {@linkcode Session.login}. */
  readonly userId: string | undefined;
  /** Start of the session, or its last login, in ms since 1970. */
  readonly createdAt: number;
  /** When it ends if it is not used again, in ms since 1970. */
  readonly expiresAt: number;

  /** Reads a value, as the schema makes it; it is read-only. */
  get<Key extends keyof Data & string>(
    key: Key,
  ): DeepReadonly<Data[Key]> | undefined;
  /**
   * Keeps a copy of a value; `undefined` removes it. With a schema, it is what
   * that takes, and is read as it was set until `save()` or the next request.
   *
   * @throws {SessionError} `invalid-data` if it could not be read back as it is.
   */
  set<Key extends keyof Data & string>(
    key: Key,
    value: Data[Key] | DeepReadonly<Data[Key]>,
  ): void;
  /** Whether there is a value. */
  has(key: keyof Data & string): boolean;
  /** Removes a value. */
  delete(key: keyof Data & string): void;
  /** Removes all values and notices; the owner and the id stay. */
  clear(): void;
  /** The keys of all values. */
  keys<Key extends keyof Data & string = keyof Data & string>(): Key[];

  /**
   * Sets a value to what `change` makes of the value that is kept.
   *
   * @param change Is given a copy, which it may change, and returns what is kept;
   * `delete()` is what removes a value. Kept free of other effects: with a store,
   * it runs again on fresh data if another request was faster.
   * @returns The new value; it is read-only.
   *
   * @throws {SessionError} `invalid-data` if nothing was returned, or what could
   * not be read back as it is.
   */
  update<Key extends keyof Data & string>(
    key: Key,
    change: (
      value: Data[Key] | undefined,
    ) => Exclude<Data[Key] | DeepReadonly<Data[Key]>, undefined>,
  ): DeepReadonly<Data[Key]>;
  /** Reads a value and removes it, whatever the request: a code is good once. */
  take<Key extends keyof Data & string>(
    key: Key,
  ): DeepReadonly<Data[Key]> | undefined;
  /** Adds a notice that lasts until it is read, be it many requests later. */
  flash(key: string, value: unknown): void;
  /**
   * Reads the notices of a key, oldest first, and removes them. They stay if
   * nobody may see the answer: of a `HEAD` request, or one that the browser makes
   * in advance (`Sec-Purpose`).
   */
  flashes<Value = unknown>(key: string): readonly DeepReadonly<Value>[];

  /**
   * Gives the session a new cookie, and keeps its data. Call it whenever rights
   * change; {@linkcode Session.login} does. In a strong store, all cookies that
   * it has had end with that. Without a store, a copy of one opens until it
   * expires.
   */
  regenerate(): void;
  /**
   * Makes a user the owner: the session has a new cookie, as by
   * {@linkcode Session.regenerate}, and the timeouts start again. Values that a
   * visitor gathered before stay; those of another user are removed. In a strong
   * store, whatever a request from before the login still writes is refused with
   * `gone`, unless it is of the same user. A login is never refused so: if the
   * session ends meanwhile, it begins a new one.
   *
   * @param userId Any text that names the user.
   * @param options `label`: names the device in `sessions.list()`; without a
   * store there is no list, and it is not kept.
   */
  login(userId: string, options?: { label?: string | undefined }): void;
  /**
   * Ends the session for good, also if the handler throws afterwards. Whatever
   * is written then throws; {@linkcode Session.reset} begins another one.
   */
  destroy(): void;
  /**
   * Ends the session as {@linkcode Session.destroy} does, and goes on with a
   * new one of nobody's, by a new id and without any value: for a notice such as
   * "You have signed out", or the language. What it is given is kept for the
   * visitor as usual; without that, the cookie is cleared.
   */
  reset(): void;
  /**
   * Chooses how long this session lasts in the browser, whatever the options
   * say: `true` beyond the browser's end, `false` until then, or a number of
   * seconds, which also becomes its idle timeout ("remember me").
   *
   * @throws {RangeError} If seconds are no integer from 1 to `absoluteTimeout`.
   */
  persist(choice: boolean | number): void;
  /**
   * Keeps the session now. In a store, it is written or, after `destroy()`,
   * ended, and then shows what was kept, with what other requests wrote; jobs and
   * sockets need nothing else. So does the body of a response in a strong store,
   * if the session was read or written before the response left: values and
   * notices, but nothing that needs another cookie. It may take `storeTimeout`, whatever
   * the request has waited before. Without a change it is only read again, as
   * `reload()` does. What is changed while it is on its way is for the next one,
   * and what is empty and was never kept needs no record. In a cookie, it is
   * tried whether it can be sealed, so that a handler can catch an error: the
   * cookie is made when the response leaves.
   *
   * @throws {SessionError} `oversize` or `invalid-data`; with a store `gone`,
   * `conflict` or `store-failed`. After that, the changes are still there, and
   * another `save()` tries again: what has arrived all the same is kept once.
   * Who does not wait for it learns at the end of the request.
   */
  save(): Promise<void>;
  /**
   * Reads the session again, with the changes that are not kept yet on top: for
   * a socket or a job that lives longer than what it has read. It may take
   * `storeTimeout`, too. What has no record yet has nothing to be read. In a
   * cookie, only `revocations` are asked.
   *
   * @throws {SessionError} `gone` if it has ended, or another user has logged in
   * since; with a store `store-failed`.
   */
  reload(): Promise<void>;
}

/** A session in the list of a user's sessions. Times are in ms since 1970. */
export interface SessionInfo {
  /** Its public id. */
  readonly id: string;
  /** What `login()` named the device; `""` without. */
  readonly label: string;
  /** Its last login. */
  readonly createdAt: number;
  /** Its last use that was written down (see `trackIdle`). */
  readonly lastSeenAt: number;
  /** When its record ends; its cookie may end before. */
  readonly expiresAt: number;
}
