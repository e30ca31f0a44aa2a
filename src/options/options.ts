import type { SessionEvent } from "../events.ts";
import type { CookieOptions } from "../http/cookie_options.ts";
import type { Codec } from "../session/codec.ts";
import type { StandardSchema } from "../schema/schema.ts";
import type { AnyData } from "../session/session.ts";
import type { SessionStore } from "../store/contract.ts";
import type { Secret } from "../token/secrets.ts";

/**
 * Options of a session. Durations are in seconds.
 *
 * @typeParam Data The shape of the session's data.
 * @typeParam Lazy Whether `lazy` is `true`, and the handler opens the session.
 */
export interface SessionOptions<
  Data extends object = AnyData,
  Lazy extends boolean = false,
> {
  /**
   * What sessions are sealed with: 32 random bytes or more, as
   * {@linkcode generateSecret} makes them. Of a list, newest first, the first
   * one seals and all open. A missing one is refused at set-up.
   */
  secret: Secret | undefined | readonly (Secret | undefined)[];
  /**
   * How long a session lasts without being used.
   *
   * @default {86400} or `absoluteTimeout`, if that is shorter
   */
  idleTimeout?: number | undefined;
  /**
   * How long it lasts at most, from its start or its last login. A shorter
   * setting also ends sessions that are already out.
   *
   * @default {2592000}
   */
  absoluteTimeout?: number | undefined;
  /**
   * Opens the session only when the handler asks for it. With a type for the
   * data, it says `open: () => Promise<Session<Data>>` where it takes it.
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
   * Lets `destroy()` also send `Clear-Site-Data: "cache"` (https only): the
   * browser forgets what it has cached of the site, and pages that it keeps for
   * "back". Not among them is the page that the logout was clicked on, if its
   * handler has said `private`; and it can take the browser a second.
   *
   * @default {false}
   */
  clearCache?: boolean | undefined;
  /**
   * Keeps the data; the cookie holds a sealed reference. Without a store, the
   * data is in the cookie. A function is called once in each request that needs
   * the store: on Workers, a client of a database lives for one request.
   */
  store?: SessionStore | (() => SessionStore) | undefined;
  /**
   * How long a request waits for the store, in all its questions together. Each
   * `save()` and `reload()` has that time for itself.
   *
   * @default {5}
   */
  storeTimeout?: number | undefined;
  /**
   * What a request gets whose session cannot be read as the store fails:
   * `"throw"` an error, `"anonymous"` an empty session that cannot be written,
   * and keeps its cookie. It can be logged in and ended. A failed write is always
   * an error.
   *
   * @default {"throw"}
   */
  onStoreError?: "throw" | "anonymous" | undefined;
  /**
   * Ends all sessions of a user by `revokeAll()`, also of sessions in cookies:
   * it keeps one small record for each user who did so, and is read once in
   * each request of a user who has logged in. Beside a store that may be late,
   * it ends each session at once, and is read for visitors, too. It has to be
   * strong, and one that may drop records out of room is refused. It may be a
   * function, as `store`.
   */
  revocations?: SessionStore | (() => SessionStore) | undefined;
  /**
   * For how many seconds a process may go by what it has read of
   * `revocations`, 300 at most: fewer questions, and as late an end elsewhere.
   * What the process itself ends counts at once. Without it, each request asks.
   */
  revocationsMaxAge?: number | undefined;
  /**
   * Seals the records with keys that a cookie of the session is needed for: who
   * has a copy of the store, or even of the secret with it, reads none of
   * them. Records that were written without it are refused.
   *
   * @default {false}
   */
  encrypt?: boolean | undefined;
  /**
   * Gives a session in a store a new cookie after so many seconds, 60 at least.
   * The old one is served until the new one was seen, and for another 30 s;
   * whoever comes with it later has a copy, and the session ends. Each renewal
   * is two writes.
   */
  renewAfter?: number | undefined;
  /**
   * Where the last use counts. `"cookie"`: the record lives a day longer than
   * the cookie, and one touch a day keeps it so. `"store"`: it ends with the
   * cookie, and its expiry and `lastSeenAt` move each time the cookie is renewed,
   * at most once per quarter of `idleTimeout` or five minutes.
   *
   * @default {"cookie"}
   */
  trackIdle?: "cookie" | "store" | undefined;
  /**
   * Checks the data when a session is opened and when it is kept. Data that no
   * longer fits goes to `migrate`, or the visitor gets a new session.
   *
   * It may also fill in defaults, convert values and leave some out: that is what
   * a handler reads. What was set is kept, and is what the schema is given, so
   * `set` and `update` are about what it takes. The types are those of what it
   * makes; where it converts, name both: `createSessions<{ at: Date | string }>`.
   * What it makes is copied for each request, but for instances of classes; a new
   * session has nothing of it yet. What `login()`, say, keeps without any values
   * has to fit, too: let each key be optional, or have a default.
   */
  schema?: StandardSchema<Data> | undefined;
  /** Makes data that `schema` takes from data that it took before. */
  migrate?: ((old: unknown) => unknown) | undefined;
  /**
   * Turns data into text. JSON refuses what it would change in silence (a
   * `Date`, a `Map`, `NaN` …); a library such as devalue keeps it.
   *
   * @default {JSON}
   */
  codec?: Codec | undefined;
  /**
   * How many bytes a process keeps of tokens that it has opened or made, for
   * each cookie: one that comes again is not decrypted again. Whether it has
   * ended is asked all the same. 0 keeps none.
   *
   * @default {4194304} About 650 sessions of 1 KB
   */
  tokenCache?: number | undefined;
  /**
   * Answers requests that other sites make a browser send with 403, before
   * the handler runs. A list names the origins that may send them, also those
   * of apps: `capacitor://localhost`.
   *
   * @default {false}
   */
  csrf?: boolean | readonly string[] | undefined;
  /** Is told what happens to sessions; what it throws is ignored. */
  onEvent?: ((event: SessionEvent) => unknown) | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  now?: (() => number) | undefined;
}
