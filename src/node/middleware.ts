import type { IncomingMessage, ServerResponse } from "node:http";
import { requestFor, requestOf } from "../adapters/source.ts";
import { forbidCrossSite } from "../http/csrf.ts";
import type { Asked } from "../http/request.ts";
import type { Settings } from "../options/settings.ts";
import { commit } from "../request/commit.ts";
import { leaveFailed } from "../request/leave_failed.ts";
import { directivesOfDiscarded } from "../request/mark_failed.ts";
import { openSession } from "../request/open.ts";
import { visitOf } from "../session/begin.ts";
import { LiveSession, stateOf } from "../session/live_session.ts";
import type { Phase, State } from "../session/state.ts";
import { unawaited } from "../unawaited.ts";
import { holdResponse, type Keeper } from "./hold.ts";
import { type Mark, markOf } from "./respond.ts";

/** What a middleware calls to hand a request on. */
export type Next = (error?: unknown) => void;

/** One session of one request of Node. */
export class Exchange implements Keeper {
  readonly #res: ServerResponse;
  readonly #next: Next;
  readonly #open: () => LiveSession | Promise<LiveSession>;
  #opened: LiveSession | Promise<LiveSession> | undefined;
  #session: LiveSession | undefined;
  #phase: Phase;
  /** The request has failed: what its handler has changed is dropped. */
  isFailed = false;

  constructor(
    settings: Settings,
    request: Asked | undefined,
    res: ServerResponse,
    next: Next,
  ) {
    this.#res = res;
    this.#next = next;
    this.#phase = request ? "open" : "left-out";
    this.#open = () => {
      const state = openSession(visitOf(settings, request, this.#phase));
      const show = (state: State) => this.#session = new LiveSession(state);
      return state instanceof Promise ? state.then(show) : show(state);
    };
  }

  /** Opens the session, once; without a promise if nothing is waited for. */
  open(): LiveSession | Promise<LiveSession> {
    return this.#opened ??= this.#open();
  }

  /** Opens the session for a handler that asks for it (`lazy`). */
  openLater(): Promise<LiveSession> {
    const opened = Promise.resolve(this.open());
    this.#opened = unawaited(opened);
    return opened;
  }

  /** Saves the session, and says what the headers have to say of it. */
  keep(): Mark | undefined | Promise<Mark | undefined> {
    // Too late to open it.
    this.#phase = "late-write";
    if (this.#opened instanceof Promise && !this.#session) {
      // If it could not be opened, the handler has answered without it.
      return this.#opened.then(() => this.keep(), () => undefined);
    }
    const session = this.#session;
    if (!session) return undefined;
    if (this.isFailed || this.#res.statusCode >= 500) {
      return this.#drop(session, undefined);
    }
    const response = { status: this.#res.statusCode } as Response;
    const said = commit(() => stateOf(session), response);
    const mark = said instanceof Promise
      ? said.then((said) => markOf(this.#res, said))
      : markOf(this.#res, said);
    return mark instanceof Promise || stateOf(session).abandon
      ? this.#settle(session, mark)
      : mark;
  }

  /** A record that no cookie refers to is removed. */
  async #settle(
    session: LiveSession,
    mark: ReturnType<Keeper["keep"]>,
  ): Promise<Mark | undefined> {
    const made = await mark;
    const state = stateOf(session);
    if (!state.isSent) await state.abandon?.();
    delete state.abandon;
    return made;
  }

  /** Drops what was changed; what was ended is over all the same. */
  async #drop(
    session: LiveSession,
    error: unknown,
  ): Promise<Mark | undefined> {
    const { visit } = stateOf(session);
    if (visit.phase !== "left-out") visit.phase = "late-write";
    await leaveFailed(stateOf(session), error);
    return await this.#markOfFailed(session);
  }

  #markOfFailed(session: LiveSession): ReturnType<Keeper["keep"]> {
    const state = stateOf(session);
    if (!state.isTouched) return undefined;
    return markOf(this.#res, directivesOfDiscarded(state));
  }

  /** Lets the program answer that the session could not be kept. */
  fail(error: unknown): void {
    const session = this.#session as LiveSession;
    // What the program throws then is its own, as in any listener.
    this.#drop(session, error).catch(() => {}).then(() => this.#next(error));
  }

  /** Marks what the program answers then, as that may depend on the session. */
  markFailed(): void {
    // All parts that it needs are loaded by now.
    const mark = this.#markOfFailed(this.#session as LiveSession);
    if (typeof mark === "function") mark();
  }
}

/**
 * Begins the exchange of a request, or answers a request from another site.
 */
export function beginExchange(
  settings: Settings,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
): Exchange | undefined {
  const { when, trusted, emit } = settings;
  const { path = "/" } = settings.cookieFor().options;
  const asked = requestOf(req, path) as Asked;
  const isLeftOut = !!when && !when(requestFor(settings, asked));
  if (trusted && !isLeftOut) {
    const answer = forbidCrossSite(asked, trusted, emit);
    if (answer) return void forbid(res, answer);
  }
  const exchange = new Exchange(
    settings,
    isLeftOut ? undefined : asked,
    res,
    next,
  );
  if (!isLeftOut) holdResponse(res, exchange);
  return exchange;
}

async function forbid(res: ServerResponse, answer: Response): Promise<void> {
  const text = await answer.text();
  res.statusCode = answer.status;
  for (const [name, value] of answer.headers) res.setHeader(name, value);
  res.end(text);
}
