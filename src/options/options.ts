import type { SessionEvent } from "../events.ts";
import type { CookieOptions, CookieParts } from "../http/cookie_options.ts";
import type { Codec } from "../session/codec.ts";
import type { SessionReader } from "../readers/contract.ts";
import type { StandardSchema } from "../schema/schema.ts";
import type { AnyData } from "../session/session.ts";
import type { SessionStore } from "../store/contract.ts";
import type { Secret } from "../token/secrets.ts";

/**
 * Options of a session. Durations are in seconds.
 *
 * @typeParam Data The shape of the session's data.
 * @typeParam Lazy Whether `lazy` is `true`: the handler opens the session
 * itself.
 */
export interface SessionOptions<
  Data extends object = AnyData,
  Lazy extends boolean = false,
> {
  /**
   * Seals the cookies: 32 random bytes or more, as {@linkcode generateSecret}
   * makes them. In a list, newest first, the first secret seals and all of them
   * open. A missing secret is refused at set-up.
   */
  secret: Secret | undefined | readonly (Secret | undefined)[];
  /**
   * What becomes of a session that is too long for one cookie. `"error"`: the
   * request fails with `oversize`. `"parts"`: it goes out in several cookies, of
   * which each request brings all; `{ most, maxBytes }` says how many, and how
   * many bytes they may take together. No other cookie may have such a name.
   * Only without a `store`, which is the better place for much data.
   *
   * A store, or a function that makes one, like `store`: what no longer fits is
   * kept there, and the cookie then holds a sealed reference. It moves back with
   * the write after which it needs three quarters of a cookie or less. A session
   * that has always fitted costs no call of the store. The store must be strong.
   * `list()`, `count()` and ends by the program stay `unsupported`, as the store
   * has only some of the sessions: use `revocations`.
   *
   * @default {"error"}
   */
  overflow?:
    | "error"
    | "parts"
    | CookieParts
    | SessionStore
    | (() => SessionStore)
    | undefined;
  /**
   * Compresses what is sealed, where that makes it shorter. Only for data in
   * which nothing that a stranger has chosen stands beside a secret: the length
   * of the cookie, which whoever watches the line sees, tells how much the two
   * have in common (as CRIME and BREACH did). Lengths are rounded up to 32
   * bytes. Sessions of before are read either way; at most 64 KiB are
   * compressed. Only without a `store`, and where there is `CompressionStream`:
   * Bun has it since 1.3.3.
   *
   * @default {false}
   */
  compress?: boolean | undefined;
  /**
   * How long a session lasts without being used.
   *
   * @default {86400} or `absoluteTimeout`, if that is shorter
   */
  idleTimeout?: number | undefined;
  /**
   * How long a session lasts at most, from its start or its last login; 400
   * days at most. A shorter setting also ends sessions that exist already.
   *
   * @default {2592000}
   */
  absoluteTimeout?: number | undefined;
  /**
   * Gives the handler a function that opens the session, so that a request
   * which does not need it costs nothing. To type the data, annotate the
   * parameter: `open: () => Promise<Session<Data>>`.
   *
   * @default {false}
   */
  lazy?: Lazy | undefined;
  /** Which requests have a session at all; static files need none. */
  when?: ((request: Request) => boolean) | undefined;
  /**
   * Whether the cookie outlives the browser. {@linkcode Session.persist}
   * decides for one session.
   *
   * @default {true}
   */
  persistent?: boolean | undefined;
  /** Name and attributes of the cookie. */
  cookie?: CookieOptions | undefined;
  /**
   * Makes `destroy()` and `reset()` also send `Clear-Site-Data: "cache"` (https
   * only): the browser drops what it has cached of the site, and the pages that
   * it keeps for its back button. It does not drop the page on which logout was
   * clicked, if the handler of that page has set `Cache-Control: private`. The
   * browser may take a second for it.
   *
   * @default {false}
   */
  clearCache?: boolean | undefined;
  /**
   * Where the data is kept; the cookie then holds a sealed reference. Without a
   * store, the data is in the cookie. A function is called once for each
   * request that needs the store: on Workers, a database client lives for one
   * request.
   */
  store?: SessionStore | (() => SessionStore) | undefined;
  /**
   * How long a request waits for the store, all its calls together. Each
   * `save()` and `reload()` has this time for itself.
   *
   * @default {5}
   */
  storeTimeout?: number | undefined;
  /**
   * What a request gets if its session cannot be read because the store fails.
   * `"throw"`: it fails with `store-failed`. `"anonymous"`: an empty session
   * that cannot be written, while the browser keeps its cookie; `login()` and
   * `destroy()` still work. A failed write is always an error.
   *
   * @default {"throw"}
   */
  onStoreError?: "throw" | "anonymous" | undefined;
  /**
   * Ends sessions that cannot be ended otherwise: with this store,
   * `revokeAll()` also ends sessions in cookies. It keeps one small record for
   * each user who was revoked, and is read once per request of a logged-in
   * user. Beside an eventual `store`, it makes every end count at once, and is
   * read for anonymous visitors, too. It must be strong and must not evict
   * records. It may be a function, like `store`.
   */
  revocations?: SessionStore | (() => SessionStore) | undefined;
  /**
   * How many seconds a process may rely on what it has read of `revocations`,
   * 300 at most: fewer reads, but an end by another process counts that much
   * later. An end by the process itself counts at once. Without this option,
   * every request reads.
   */
  revocationsMaxAge?: number | undefined;
  /**
   * Seals each record with a key that needs a cookie of the session: whoever
   * copies the store, even together with the secret, cannot read it. Records
   * that were written without this option are refused.
   *
   * @default {false}
   */
  encrypt?: boolean | undefined;
  /**
   * After how many seconds a session in a store gets a new cookie, 60 at least.
   * The old cookie works until the new one is seen, and 30 s longer; a request
   * that brings it later than that must have a copy, so the session ends. Each
   * renewal takes two writes.
   */
  renewAfter?: number | undefined;
  /**
   * Where the last use of a session counts. `"cookie"`: in the cookie; the
   * record lives a day longer, which takes one touch a day. `"store"`: in the
   * store; the record ends with the cookie, and its expiry and `lastSeenAt`
   * move each time the cookie is renewed, at most once per quarter of
   * `idleTimeout` or five minutes.
   *
   * @default {"cookie"}
   */
  trackIdle?: "cookie" | "store" | undefined;
  /**
   * Checks the data when a session is opened and when it is saved. Data that no
   * longer fits goes to `migrate`; without that, the visitor gets a new
   * session.
   *
   * The schema may also fill in defaults, convert values and leave some out.
   * The session keeps the schema's input, and the handler reads its output:
   * `set` and `update` are about the input. The types are those of the output;
   * where the schema converts, name both:
   * `createSessions<{ at: Date | string }>`. Each request gets a copy of the
   * output, except for instances of the program's own classes. A new session
   * has none of the defaults yet. `login()` may save a session without any
   * values, so let each key be optional or have a default.
   */
  schema?: StandardSchema<Data> | undefined;
  /** Converts data of an earlier `schema` to data that fits this one. */
  migrate?: ((old: unknown) => unknown) | undefined;
  /**
   * Turns data into text and back. JSON refuses what it would silently change
   * (a `Date`, a `Map`, `NaN` …); a library such as devalue keeps it.
   *
   * @default {JSON}
   */
  codec?: Codec | undefined;
  /**
   * Reads sessions that other libraries have made, where a request brings no
   * good cookie of ours: nobody is signed out by moving here. The readers are asked
   * in their order, each until its own date (`with-session/readers/…`).
   */
  accept?: readonly SessionReader[] | undefined;
  /**
   * How many bytes of opened and sealed tokens a process caches, for each
   * cookie: a token in the cache is not decrypted again. Whether its session
   * has ended is checked all the same. A compressed one counts as much as its
   * data. 0 caches none.
   *
   * @default {4194304} About 650 sessions of 1 KB
   */
  tokenCache?: number | undefined;
  /**
   * Answers requests that other sites make a browser send with 403, before the
   * handler runs; `GET`, `HEAD` and `OPTIONS` pass, except for a WebSocket
   * handshake. A list names origins that are trusted, those of apps included:
   * `capacitor://localhost`.
   *
   * @default {false}
   */
  csrf?: boolean | readonly string[] | undefined;
  /**
   * Called with what happens to sessions; errors that it throws are ignored.
   */
  onEvent?: ((event: SessionEvent) => unknown) | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  now?: (() => number) | undefined;
}
