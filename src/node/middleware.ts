import type { IncomingMessage, ServerResponse } from "node:http";
import { requestFor, requestOf } from "../adapters/source.ts";
import { whyForbidden } from "../http/csrf.ts";
import { FORBIDDEN_VARY } from "../http/forbidden.ts";
import type { Directives } from "../http/directives.ts";
import type { Asked } from "../http/request.ts";
import type { Settings } from "../options/settings.ts";
import { commit } from "../request/commit.ts";
import { enter, type Exchange, lastOf } from "../request/exchange.ts";
import { discardLayers } from "../request/layers.ts";
import { leaveFailed } from "../request/leave_failed.ts";
import { directivesOfDiscarded } from "../request/mark_failed.ts";
import { findAround, isSame } from "../request/nested.ts";
import { openSession } from "../request/open.ts";
import { closeLayers, openedOf } from "../request/opened.ts";
import { visitOf } from "../session/begin.ts";
import { LiveSession, stateOf } from "../session/live_session.ts";
import {
  isChanged,
  type Phase,
  type State,
  tell,
  type Visit,
} from "../session/state.ts";
import { unawaited } from "../unawaited.ts";
import { Hold, type Keeper } from "./hold.ts";
import { beginText, type Mark, markAgain, markOf } from "./respond.ts";

/** How long an answer is waited for once the client has left, in ms. */
const PATIENCE = 10_000;

/** What holds a response, by the layers that have opened its session before. */
const heldWithin: WeakMap<object, Exchange> = new WeakMap();

/** What a middleware calls to hand a request on. */
export type Next = (error?: unknown) => void;

/** One session of one request of Node, whose response waits for it. */
class NodeExchange implements Keeper {
  readonly #settings: Settings;
  readonly #asked: (() => Asked) | undefined;
  readonly #res: ServerResponse;
  readonly #next: Next;
  readonly #outer: Exchange | undefined;
  /** That of layers which have opened the session before. */
  readonly #layer: Exchange | undefined;
  #hold: Hold | undefined;
  #opened: LiveSession | Promise<LiveSession> | undefined;
  #session: LiveSession | undefined;
  #phase: Phase;
  #isFailed = false;
  #hasLeft = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #seen: Exchange | undefined;

  constructor(
    settings: Settings,
    asked: (() => Asked) | undefined,
    res: ServerResponse,
    next: Next,
    outer?: Exchange,
    layer?: Exchange,
  ) {
    this.#settings = settings;
    this.#asked = asked;
    this.#res = res;
    this.#next = next;
    this.#outer = outer;
    this.#layer = layer;
    this.#phase = asked ? "open" : "left-out";
  }

  /** What others see of it. */
  get seen(): Exchange {
    return this.#seen ??= {
      settings: this.#settings,
      outer: this.#outer,
      open: () => this.open(),
      openLater: () => this.openLater(),
      state: () => this.#session && stateOf(this.#session),
      fail: () => this.discard(),
      // It is kept with the head of the response.
      commit: () => undefined,
      end: () => undefined,
    };
  }

  get isIdle(): boolean {
    return !this.#opened;
  }

  /** Holds the response until the session is kept. */
  hold(): void {
    // Once the headers have left, nothing can be said any more.
    if (this.#res.headersSent) this.keep();
    else this.#hold = new Hold(this.#res, this);
  }

  /** Opens the session, once; without a promise if nothing is waited for. */
  open(): LiveSession | Promise<LiveSession> {
    this.#hold?.watch();
    return this.#opened ??= this.#open();
  }

  /** Opens the session for a handler that asks for it (`lazy`). */
  openLater(): Promise<LiveSession> {
    const opened = Promise.resolve(this.open());
    this.#opened = unawaited(opened);
    return opened;
  }

  #open(): LiveSession | Promise<LiveSession> {
    const show = (session: LiveSession) => this.#show(session);
    if (this.#layer) {
      return (this.#layer.open() as Promise<LiveSession>).then(show);
    }
    const visit = visitOf(this.#settings, this.#asked?.(), this.#phase);
    if (this.#isFailed) refuseWrites(visit);
    const state = openSession(visit);
    const begin = (state: State) => this.#show(new LiveSession(state));
    return state instanceof Promise ? state.then(begin) : begin(state);
  }

  #show(session: LiveSession): LiveSession {
    const { visit } = stateOf(session);
    visit.onChange = this.#noteChange.bind(this, visit.onChange);
    if (this.#layer && this.#isFailed) refuseWrites(visit);
    return this.#session = session;
  }

  #noteChange(before: Visit["onChange"]): void {
    before?.();
    if (this.#hasLeft) this.leave();
  }

  /** Drops what a failed handler has changed, and takes no more changes. */
  discard(): void {
    // What has answered is kept, whatever fails after that.
    if (this.#phase !== "open") return;
    this.#isFailed = true;
    if (this.#session) refuseWrites(stateOf(this.#session).visit);
  }

  /**
   * The client has left, and nobody has answered. If the handler still does,
   * the session is kept as ever; what it has ended is over in any case.
   */
  leave(): void {
    this.#hasLeft = true;
    // Not before `reset()` has begun the next session.
    queueMicrotask(() => this.#leaveUnanswered());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#leaveUnanswered(true), PATIENCE);
    // Node and Bun have an object there, and would wait for it to end.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #leaveUnanswered(isLast = false): void {
    const session = this.#session;
    if (this.#phase !== "open" || !session) return;
    const state = stateOf(session);
    // Layers tell of it themselves.
    if (isLast && !this.#layer && !this.#isFailed && isChanged(state)) {
      tell(state, "uncommitted");
    }
    if (isLast || state.isEndAsked || state.before) {
      unawaited(leaveFailed(state, undefined));
    }
  }

  /** Saves the session, and says what the headers have to say of it. */
  keep(): Mark | undefined | Promise<Mark | undefined> {
    // Too late to open it.
    this.#phase = "late-write";
    this.seen.isEnded = true;
    if (this.#opened instanceof Promise && !this.#session) {
      // If it could not be opened, the handler has answered without it.
      return this.#opened.then(() => this.keep(), () => undefined);
    }
    const session = this.#session;
    if (!session) return undefined;
    // Within a layer, another middleware may have been told.
    const { refusal } = stateOf(session).visit;
    if (this.#isFailed || refusal || this.#res.statusCode >= 500) {
      return this.#drop(session, undefined);
    }
    const response = { status: this.#res.statusCode } as Response;
    const said = this.#layer
      ? this.#layer.commit(response)
      : commit(() => stateOf(session), response);
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
    if (this.#layer) {
      await this.#layer.end(false, undefined);
      // No layer around can add to a response that leaves.
      closeLayers(openedOf(session));
      return made;
    }
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
    if (this.#layer) await discardLayers(session, error);
    const { visit } = stateOf(session);
    if (visit.phase !== "left-out") visit.phase = "late-write";
    delete visit.refusal;
    await leaveFailed(stateOf(session), error);
    return await markOf(this.#res, saidOfFailed(session));
  }

  /** Lets the program answer that the session could not be kept. */
  fail(error: unknown, next: Next = this.#next): void {
    const session = this.#session as LiveSession;
    // What the program throws then is its own, as in any listener.
    this.#drop(session, error).catch(() => {}).then(() => next(error));
  }

  /** Marks what the program answers then, as that may depend on the session. */
  markFailed(): void {
    markAgain(this.#res, saidOfFailed(this.#session as LiveSession));
  }
}

/**
 * Begins the exchange of a request, or answers a request from another site. The
 * session of a middleware before this one is that of both.
 */
export function beginExchange(
  settings: Settings,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
): Pick<Exchange, "open" | "openLater"> | undefined {
  const { when, trusted, emit } = settings;
  const asked = askedBy(settings, req);
  if (when && !when(requestFor(asked()))) {
    return new NodeExchange(settings, undefined, res, next);
  }
  const why = trusted && whyForbidden(asked(), trusted, emit);
  if (why) {
    beginText(res, 403);
    res.appendHeader("vary", FORBIDDEN_VARY);
    return void res.end(why);
  }
  const outer = lastOf(req);
  const around = findAround(settings, outer, true);
  if (around && !around.layers) return around;
  const held = around?.layers && heldWithin.get(around.layers);
  if (held) return held;
  const exchange = new NodeExchange(settings, asked, res, next, outer, around);
  exchange.hold();
  // Layers count who has opened the session, and find it by themselves.
  if (around?.layers) heldWithin.set(around.layers, exchange.seen);
  else enter(req, exchange.seen);
  return exchange;
}

/** Drops what a failed handler has changed in the session of a request. */
export function discardSession(settings: Settings, req: object): void {
  for (let each = lastOf(req); each; each = each.outer) {
    if (!isSame(each.settings, settings)) continue;
    const held = each.layers ? heldWithin.get(each.layers) : each;
    return held?.fail?.();
  }
}

/** Reads a request: at once, or when its session is opened, if its address stays. */
function askedBy(settings: Settings, req: IncomingMessage): () => Asked {
  let known: Asked | undefined;
  const asked = () => {
    const { path = "/" } = settings.cookieFor().options;
    return known ??= requestOf(req, path) as Asked;
  };
  // A router may take its part of `url`; Express, Connect and Polka keep the whole.
  if (!("originalUrl" in req)) asked();
  return asked;
}

function saidOfFailed(session: LiveSession): Directives | undefined {
  const state = stateOf(session);
  return state.isTouched ? directivesOfDiscarded(state) : undefined;
}

/** The answer to the failure may show the session, and keeps nothing of it. */
function refuseWrites(visit: Visit): void {
  if (visit.phase === "left-out") return;
  visit.phase = "late-write";
  visit.refusal = "its request has failed";
}
