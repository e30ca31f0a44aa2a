import { requestOf } from "../adapters/source.ts";
import type { Directives } from "../http/directives.ts";
import type { Asked } from "../http/request.ts";
import type { Settings } from "../options/settings.ts";
import { commit } from "../request/commit.ts";
import { enterSeen, type Exchange, lastOf } from "../request/exchange.ts";
import { discardLayers } from "../request/layers.ts";
import { leaveFailed } from "../request/leave_failed.ts";
import { directivesOfDiscarded } from "../request/mark_failed.ts";
import { isSame } from "../request/nested.ts";
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
import { type Mark, markOf, type Notes, type ResponseHead } from "./respond.ts";

/** How long an answer is waited for once the client has left, in ms. */
const PATIENCE = 10_000;

/** What holds a response, by the layers that have opened its session before. */
const heldWithin: WeakMap<object, Exchange> = new WeakMap();

/** What opens a session for a handler. */
export type Opener = Pick<Exchange, "open" | "openLater">;

/** One session of one request of Node, which is kept before the response leaves. */
export abstract class NodeExchange implements Notes {
  readonly #settings: Settings;
  /** What the request is read from; nothing for one that is left out. */
  readonly #given: object | undefined;
  #asked: Asked | undefined;
  readonly #outer: Exchange | undefined;
  /** That of layers which have opened the session before. */
  readonly #layer: Exchange | undefined;
  #opened: LiveSession | Promise<LiveSession> | undefined;
  #session: LiveSession | undefined;
  #phase: Phase;
  #isFailed = false;
  #hasLeft = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #seen: Exchange | undefined;

  /** @param asked The request, if it was read already. */
  constructor(
    settings: Settings,
    given: object | undefined,
    asked?: Asked,
    outer?: Exchange,
    layer?: Exchange,
  ) {
    this.#settings = settings;
    this.#given = given;
    this.#asked = asked;
    this.#outer = outer;
    this.#layer = layer;
    this.#phase = given ? "open" : "left-out";
  }

  /** What is marked, and says the status. */
  protected abstract readonly head: ResponseHead;

  /** Notes what the session has said on the response. */
  abstract note(said: Directives): void;

  /** Is called when the session is opened. */
  protected noteOpened(): void {}

  /** Is called when there is something to keep. */
  protected noteChanged(): void {}

  /** Whether hooks keep it, and not whatever answers. */
  protected get isHooked(): boolean {
    return false;
  }

  /** Whether nothing is kept. */
  protected get hasFailed(): boolean {
    return this.#isFailed;
  }

  /** Whether the session can still be opened to be written. */
  get isOpen(): boolean {
    return this.#phase === "open";
  }

  protected get session(): LiveSession | undefined {
    return this.#session;
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
      isEnded: !this.isOpen,
      isHooked: this.isHooked,
    };
  }

  /** Nobody has asked for the session, so that there is nothing to keep. */
  get isIdle(): boolean {
    return !this.#opened;
  }

  /** Lets others find it, by the request or by the layers of its session. */
  enter(req: object): void {
    // Layers count who has opened the session, and find it by themselves.
    const layers = this.#layer?.layers;
    if (layers) heldWithin.set(layers, this.seen);
    else enterSeen(req, this);
  }

  /** Opens the session, once; without a promise if nothing is waited for. */
  open(): LiveSession | Promise<LiveSession> {
    this.noteOpened();
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
    const asked = this.#given &&
      (this.#asked ?? readAsked(this.#settings, this.#given));
    const visit = visitOf(this.#settings, asked, this.#phase);
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
    else this.noteChanged();
  }

  /** Drops what a failed handler has changed, and takes no more changes. */
  discard(): void {
    // What has answered is kept, whatever fails after that.
    if (!this.isOpen) return;
    this.#isFailed = true;
    this.refuse();
  }

  /** The same once a response was to leave that used no session, and failed. */
  protected discardLate(): void {
    this.#phase = "open";
    this.discard();
  }

  /** Lets an answer to a failure show the session, and write nothing to it. */
  protected refuse(): void {
    if (this.#session) refuseWrites(stateOf(this.#session).visit);
  }

  /**
   * The client has left, and nobody has answered. If the handler still does,
   * the session is kept as ever; what it has ended is over in any case.
   */
  leave(): void {
    this.#hasLeft = true;
    if (!this.isOpen) return;
    // Not before `reset()` has begun the next session.
    queueMicrotask(() => this.#leaveUnanswered());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#leaveUnanswered(true), PATIENCE);
    // Node and Bun have an object there, and would wait for it to end.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #leaveUnanswered(isLast = false): void {
    const session = this.#session;
    if (!this.isOpen || !session) return;
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
    if (this.#seen) this.#seen.isEnded = true;
    if (this.#opened instanceof Promise && !this.#session) {
      // If it could not be opened, the handler has answered without it.
      return this.#opened.then(() => this.keep(), () => undefined);
    }
    const session = this.#session;
    if (!session) return undefined;
    // Within a layer, another door may have been told.
    const { refusal } = stateOf(session).visit;
    if (this.hasFailed || refusal) return this.drop(session, undefined);
    const response = { status: this.head.statusCode } as Response;
    const said = this.#layer
      ? this.#layer.commit(response)
      : commit(() => stateOf(session), response);
    const mark = said instanceof Promise
      ? said.then((said) => markOf(this.head, said, this))
      : markOf(this.head, said, this);
    return mark instanceof Promise || stateOf(session).abandon
      ? this.#settle(session, mark)
      : mark;
  }

  /** A record that no cookie refers to is removed. */
  async #settle(
    session: LiveSession,
    mark: ReturnType<NodeExchange["keep"]>,
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
  protected async drop(
    session: LiveSession,
    error: unknown,
  ): Promise<Mark | undefined> {
    if (this.#layer) await discardLayers(session, error);
    const { visit } = stateOf(session);
    visit.phase = "late-write";
    delete visit.refusal;
    await leaveFailed(stateOf(session), error);
    return await markOf(this.head, saidOfFailed(session), this);
  }
}

/** Reads a request of Node, or of a framework. */
export function readAsked(settings: Settings, given: object): Asked {
  const { path = "/" } = settings.cookieFor().options;
  return requestOf(given, path) as Asked;
}

/** What opens the session already, of another door with the same cookie. */
export function heldBy(around: Exchange | undefined): Exchange | undefined {
  return around?.layers ? heldWithin.get(around.layers) : around;
}

/** Drops what a failed handler has changed in the session of a request. */
export function discardSession(settings: Settings, req: object): void {
  for (let each = lastOf(req); each; each = each.outer) {
    if (isSame(each.settings, settings)) return heldBy(each)?.fail?.();
  }
}

/** What an answer to a failure says of a session. */
export function saidOfFailed(session: LiveSession): Directives | undefined {
  const state = stateOf(session);
  return state.isTouched ? directivesOfDiscarded(state) : undefined;
}

/** The answer to the failure may show the session, and keeps nothing of it. */
function refuseWrites(visit: Visit): void {
  visit.phase = "late-write";
  visit.refusal = "its request has failed";
}
