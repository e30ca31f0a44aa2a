import type {
  CommittedSession,
  CookieFunctions,
  CookieJar,
  RequestCookies,
  RequestHolder,
  RequestLike,
  SessionPlace,
  SessionSource,
} from "./adapters/contract.ts";
import type { AnyData, Session, SessionInfo } from "./session/session.ts";

/**
 * Sessions without a wrapped handler: for frameworks, sockets, jobs and tests.
 *
 * @typeParam Data The shape of the data.
 */
export interface Sessions<Data extends object = AnyData> {
  /**
   * Opens the session of a request, or a new one if the request brings none. An
   * invalid cookie is an event, never an error. All layers of one request, a
   * middleware and a handler say, get the same session, by whatever door of the
   * same cookie they come. One that opens it after all others have committed goes
   * on from what they have kept; what `withSession` or a middleware has kept can
   * be read, and is not written any more.
   *
   * @param source A `Request`; what has its headers and, if it knows it, its
   * address, as Node's `req`; or a framework's cookie jar.
   * @param place Where a jar was handed out: the request, or its headers. A jar
   * alone is taken for one on https. Headers alone do not tell the method: with
   * an `Origin`, it counts as `POST`.
   * @throws {SessionError} `store-failed` if the store cannot be asked, unless
   * `onStoreError` is `"anonymous"`; `forbidden` if `csrf` refuses the request.
   * @throws {TypeError} If the source is nothing of the kind, or if `csrf`
   * or `accept` has no request to look at, or `when` none with its address.
   */
  open(source: SessionSource, place?: SessionPlace): Promise<Session<Data>>;
  /** The same from the cookies of a request, which take no attributes. */
  open(cookies: RequestCookies, place?: SessionPlace): Promise<Session<Data>>;
  /**
   * Saves the session and adds its headers to the response. Call it at the end
   * of a request, once for each layer that opened it; a `Response` that the
   * handler threw is a response like any other. If the handler threw an error,
   * call {@linkcode Sessions.discard} first. A new record that `save()` has made
   * stays if no response follows, and is removed with one that can have no
   * cookie.
   *
   * @returns The same response if the session was not used; otherwise the one
   * to send, which may be a copy.
   * @throws {SessionError} If the session cannot be saved.
   */
  commit(session: Session<Data>, response: Response): Promise<Response>;
  /**
   * Saves the session, where there is no `Response`: sets its cookies by a
   * framework's cookie jar, and returns them, and the fields that the response
   * has to get.
   *
   * @param jar Where the cookies go; if absent, the jar that the session was
   * opened from. Without any, set them from what is returned.
   * @throws {SessionError} If the session cannot be saved.
   * @throws What the jar throws, where the framework takes no cookie any more;
   * a new session is not kept then.
   * @throws {TypeError} If what it is given is neither a `Response` nor a jar:
   * `Headers`, say, or a response of Node.
   */
  commit(
    session: Session<Data>,
    jar?: CookieJar | CookieFunctions,
  ): Promise<CommittedSession>;
  /** The same to the cookies of a request, for who reads it afterwards. */
  commit(
    session: Session<Data>,
    cookies: RequestCookies,
  ): Promise<CommittedSession>;
  /**
   * Drops the changes of a session whose handler has failed, also where the
   * framework makes a response of the error. `commit()` marks that response,
   * and keeps nothing: also if `commit()` itself has failed before. A session
   * that the handler has ended is over all the same.
   *
   * @throws {SessionError} `unsupported` within `withSession` or a middleware of
   * `with-session/express` or a plugin of `with-session/fastify`, which save the
   * session themselves.
   */
  discard(session: Session<Data>): Promise<void>;
  /**
   * Opens the session of a request for a handler, and keeps it with the handler's
   * response: `open()`, `commit()` and, if the handler fails, `discard()` in one
   * call. For the middleware of a framework that has the response in hand.
   *
   * A response of 500 and more keeps nothing, as frameworks make one of an error.
   * A `Response` that is thrown is a response like any other. After any other
   * error nothing is kept, and it is thrown on. If the framework hides an error
   * in another response, call `discard()` in the handler.
   *
   * @param source The request, as {@linkcode Sessions.open} takes it.
   * @returns What `commit()` returns; 403 if `csrf` refuses the request.
   * @throws {SessionError} If the session cannot be opened or saved.
   */
  handle(
    source: Request | RequestLike | RequestHolder,
    handler: (session: Session<Data>) => Response | Promise<Response>,
  ): Promise<Response>;
  /** Begins a new session without a request. */
  create(): Session<Data>;
  /**
   * Seals a session as the value of its cookie on https, for `unseal()`; with a
   * store, it is also written. On http from this machine the cookie has another
   * name, which is sealed in: `commit()` sets that one.
   *
   * @throws {SessionError} `oversize` or `invalid-data`; with a store also what
   * `save()` throws, and `gone` if a login or `regenerate()` of another request
   * has given the session a newer cookie.
   */
  seal(session: Session<Data>): Promise<string>;
  /**
   * Opens the value of a cookie. An invalid one resolves to `null`, with an
   * event. With `renewAfter`, a value that was replaced counts as a stolen copy
   * and ends the session: for a socket or a job, keep the session and not its
   * token.
   */
  unseal(token: string): Promise<Session<Data> | null>;

  /**
   * Lists a user's sessions, the last used first.
   *
   * @throws {SessionError} `unsupported` if the store has no list, or there is
   * no store.
   */
  list(userId: string): Promise<SessionInfo[]>;
  /**
   * Ends one session of a user. It takes the user, too, so that nobody can end
   * somebody else's session by sending its id.
   *
   * @returns Whether there was such a session.
   * @throws {SessionError} `unsupported` if the store has no list, if there is
   * no store, or if the store is eventual and there are no `revocations`.
   */
  revoke(userId: string, id: string): Promise<boolean>;
  /**
   * Ends all sessions of a user.
   *
   * @param options `except`: a session that stays, or its id. If the session
   * has got a new id in this request, pass the session.
   * @returns How many it ended; `undefined` for sessions in cookies, which
   * nobody can count.
   * @throws {SessionError} `unsupported` if there are neither `revocations` nor
   * a store with a list; `store-failed` or `conflict` if not all could be
   * ended. The ended ones stay ended; call it again to go on.
   */
  revokeAll(
    userId: string,
    options?: { except?: Session<Data> | string | undefined },
  ): Promise<number | undefined>;
  /**
   * Counts the sessions of a user, or of all users. For a while, the count may
   * include sessions that have expired or, in an eventual store, that have
   * ended. It may take longer than `storeTimeout`.
   *
   * @throws {SessionError} `unsupported` if the store cannot count, or there is
   * no store.
   */
  count(userId?: string): Promise<number>;
  /**
   * Removes expired sessions from a store that does not remove them itself. It
   * may take longer than `storeTimeout`.
   *
   * @returns How many it removed.
   * @throws {SessionError} `unsupported` if the store has no such method, or
   * there is no store.
   */
  deleteExpired(): Promise<number>;
}
