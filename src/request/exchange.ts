import type { Directives } from "../http/directives.ts";
import type { Settings } from "../options/settings.ts";
import type { Session } from "../session/session.ts";
import type { State } from "../session/state.ts";

/** One session of one request, on its way to a handler and back. */
export interface Exchange {
  /** Opens the session, once; without a promise if nothing is waited for. */
  open(): Session | Promise<Session>;
  /** Opens the session for a handler that asks for it (`lazy`). */
  openLater(): Promise<Session>;
  /**
   * Saves the session, and returns what the response says (see `commit.ts`).
   */
  commit(
    response: Response,
  ): Directives | undefined | Promise<Directives | undefined>;
  /**
   * Ends the exchange: a later write is refused, as nothing would save it, and
   * a record that this request has made stays only if its cookie is on its way.
   *
   * @param isFailed Whether the request has failed: only an end of the session
   * stands then.
   * @param outcome The response or, of a failed request, the error.
   */
  end(isFailed: boolean, outcome: unknown): Promise<void> | undefined;
  /** The session's state, once it is open. */
  state(): State | undefined;
  readonly settings: Settings;
  /** The exchange is over, and its session with it. */
  isEnded?: boolean;
  /** The exchange of a handler around this one, perhaps of another session. */
  readonly outer: Exchange | undefined;
  /**
   * Of layers that open and commit the session themselves: makes the exchange
   * of a further one, which keeps what it changes.
   */
  join?(): Exchange;
  /** It is that of such a layer; what they know of each other. */
  readonly layers?: object;
  /** Hooks of a framework keep it: what answers past them keeps nothing. */
  readonly isHooked?: boolean;
  /** Of a response of Node: drops what was changed before it leaves. */
  fail?(): void;
}

/**
 * Under this symbol, a request has a function that returns its exchange to
 * whoever has the key. So neither a program that looks at its symbols nor a log
 * that prints them gets at the secrets in there.
 */
const EXCHANGE = Symbol();
const KEY = {};
type Note = (key: object) => Exchange | undefined;

/**
 * Returns the exchange that a request is in, or else was in last.
 *
 * @param request A `Request`, Node's `req`, or what stands for another source
 * of a session (`adapters/keys.ts`).
 */
export function lastOf(request: object): Exchange | undefined {
  return (request as { [EXCHANGE]?: Note })[EXCHANGE]?.(KEY);
}

/**
 * Returns the exchange that a request is in. Handlers side by side may end in
 * any order.
 */
export function exchangeOf(request: object): Exchange | undefined {
  let exchange = lastOf(request);
  while (exchange?.isEnded) exchange = exchange.outer;
  return exchange;
}

/**
 * Notes which exchange a request is in from now on. A frozen request is in
 * none.
 */
export function enter(request: object, exchange: Exchange | undefined): void {
  const note: Note = (key) => key === KEY ? exchange : undefined;
  noteAt(request, note);
}

/** The same with an exchange that is made once somebody looks for it. */
export function enterSeen(
  request: object,
  holder: { readonly seen: Exchange },
): void {
  const note: Note = (key) => key === KEY ? holder.seen : undefined;
  noteAt(request, note);
}

function noteAt(request: object, note: Note): void {
  // To assign to a frozen one would throw; `Reflect.set()` would not, and is slow.
  if (Object.isExtensible(request)) {
    (request as { [EXCHANGE]?: Note })[EXCHANGE] = note;
  }
}
