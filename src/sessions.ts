import type { AnyData, Session, SessionInfo } from "./session/session.ts";

/**
 * Sessions without a wrapped handler: for frameworks, sockets, jobs and tests.
 *
 * @typeParam Data The shape of the data.
 */
export interface Sessions<Data extends object = AnyData> {
  /**
   * Opens the session of a request. A cookie that is not good makes a new
   * session and an event, never an error.
   *
   * @throws {SessionError} `store-failed` if the store cannot be asked, unless
   * `onStoreError` is `"anonymous"`.
   */
  open(request: Request): Promise<Session<Data>>;
  /**
   * Adds to a response what the session needs, once, at the end of a request:
   * also to one that was thrown, which is an answer. After an error, call it only
   * if the session has been ended, by `destroy()` or `reset()`: nothing else does
   * that. A new record that `save()` has made before stays, also if no response
   * follows.
   *
   * @returns The same response if the session was not touched; else the one
   * to send, which may be a copy.
   * @throws {SessionError} If the session cannot be kept.
   */
  commit(session: Session<Data>, response: Response): Promise<Response>;
  /** A new session without a request. */
  create(): Session<Data>;
  /**
   * Seals a session as the value of its cookie. In a store, it is written, too.
   *
   * @throws {SessionError} `oversize` or `invalid-data`; with a store also what
   * `save()` throws, and `gone` if the session has a newer cookie by a login or
   * `regenerate()` of another request.
   */
  seal(session: Session<Data>): Promise<string>;
  /**
   * Opens the value of a cookie; `null` if it is not good, and an event. With
   * `renewAfter`, one that was replaced counts as a copy, and ends the session:
   * keep the session for a socket or a job, not its token.
   */
  unseal(token: string): Promise<Session<Data> | null>;

  /**
   * A user's sessions, the latest first.
   *
   * @throws {SessionError} `unsupported` without a store that lists.
   */
  list(userId: string): Promise<SessionInfo[]>;
  /**
   * Ends one session of a user. It takes both, so that nobody ends a session
   * of somebody else by sending its id.
   *
   * @returns Whether there was one.
   * @throws {SessionError} `unsupported` without a store that lists, or with an
   * eventual one that has no `revocations` beside it.
   */
  revoke(userId: string, id: string): Promise<boolean>;
  /**
   * Ends all sessions of a user.
   *
   * @param options `except`: the session that stays, or its id. Of a session
   * that has got a new id in this request, give the session.
   * @returns How many; `undefined` for sessions in cookies, which nobody counts.
   * @throws {SessionError} `unsupported` without a store that lists, and without
   * the option `revocations`; `store-failed` or `conflict` if it could not end
   * all. What it has ended stays ended, and another call goes on.
   */
  revokeAll(
    userId: string,
    options?: { except?: Session<Data> | string | undefined },
  ): Promise<number | undefined>;
  /**
   * How many sessions there are, of a user or in all. For a while, some that have
   * expired may be among them or, of a store that may be late, have ended. It may
   * take longer than `storeTimeout`.
   *
   * @throws {SessionError} `unsupported` without a store that counts.
   */
  count(userId?: string): Promise<number>;
  /**
   * Removes what has expired from a store that does not do so by itself. It may
   * take longer than `storeTimeout`.
   *
   * @returns How many.
   * @throws {SessionError} `unsupported` without such a store.
   */
  deleteExpired(): Promise<number>;
}
