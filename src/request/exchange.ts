import type { Directives } from "../http/directives.ts";
import type { Settings } from "../options/settings.ts";
import type { Session } from "../session/session.ts";
import type { State } from "../session/state.ts";

/** One session of one request, on its way to a handler and back. */
export interface Exchange {
  /** Opens it, once; at once where there is nothing to wait for. */
  open(): Session | Promise<Session>;
  /** The same for a handler that asks for it. */
  openLater(): Promise<Session>;
  /** Keeps it, and finds what the response says of it (see `commit.ts`). */
  commit(
    response: Response,
  ): Directives | undefined | Promise<Directives | undefined>;
  /**
   * Ends it: nothing may be written that is never kept, and a record that this
   * request has made stays only if its cookie is on its way.
   *
   * @param isFailed Then only the end of a session stands.
   * @param outcome The response or, if the request has failed, the error.
   */
  end(isFailed: boolean, outcome: unknown): Promise<void> | undefined;
  /** What is behind it, once it is open. */
  state(): State | undefined;
  readonly settings: Settings;
  /** That of a handler around this one, which may be of another session. */
  readonly outer: Exchange | undefined;
}

/**
 * Where a request has the exchange that it is in, for who has the key: neither a
 * program that looks at its symbols nor a log that prints them gets to the
 * secrets behind it.
 */
const EXCHANGE = Symbol();
const KEY = {};
type Note = (key: object) => Exchange | undefined;

/** The exchange that a request is in. */
export function exchangeOf(request: Request): Exchange | undefined {
  return (request as Request & { [EXCHANGE]?: Note })[EXCHANGE]?.(KEY);
}

/**
 * Says which exchange a request is in from now on. One that is frozen, say, is in
 * none.
 */
export function enter(request: Request, exchange: Exchange | undefined): void {
  const note: Note = (key) => key === KEY ? exchange : undefined;
  Reflect.set(request, EXCHANGE, note);
}
