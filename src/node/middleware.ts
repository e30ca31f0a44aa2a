import type { IncomingMessage, ServerResponse } from "node:http";
import { requestFor } from "../adapters/source.ts";
import { whyForbidden } from "../http/csrf.ts";
import { SessionError } from "../errors.ts";
import type { Directives } from "../http/directives.ts";
import { FORBIDDEN_VARY } from "../http/forbidden.ts";
import type { Asked } from "../http/request.ts";
import type { Settings } from "../options/settings.ts";
import { type Exchange, lastOf } from "../request/exchange.ts";
import { findOrRefuse } from "../request/nested.ts";
import type { LiveSession } from "../session/live_session.ts";
import { unawaited } from "../unawaited.ts";
import type { Keeper } from "./hold.ts";
import { Idle } from "./idle.ts";
import {
  heldBy,
  NodeExchange,
  type Opener,
  readAsked,
  saidOfFailed,
} from "./node_exchange.ts";
import {
  beginText,
  lookAgain,
  type Mark,
  markAgain,
  noteSaid,
  takeSaid,
} from "./respond.ts";

const IN_FASTIFY =
  "with-session/fastify keeps the session of this cookie with its reply, which a middleware passes by: use one of the two";

/** What a middleware calls to hand a request on. */
export type Next = (error?: unknown) => void;

/** One session of one request, whose response waits for it. */
class HeldExchange extends NodeExchange implements Keeper {
  protected readonly head: ServerResponse;
  readonly #next: Next;
  #idle: Idle | undefined;

  constructor(
    settings: Settings,
    req: IncomingMessage | undefined,
    res: ServerResponse,
    next: Next,
    asked?: Asked,
    outer?: Exchange,
    layer?: Exchange,
  ) {
    super(settings, req, asked, outer, layer);
    this.head = res;
    this.#next = next;
  }

  /** Has the response held, from when there is something to keep. */
  hold(): void {
    // Once the headers have left, nothing can be said any more.
    if (this.head.headersSent) this.keep();
    else this.#idle = new Idle(this.head, this);
  }

  protected override noteOpened(): void {
    this.#idle?.hold();
  }

  /** Express makes a response of an error, and of nothing else of 500 and more. */
  protected override get hasFailed(): boolean {
    return super.hasFailed || this.head.statusCode >= 500;
  }

  note(said: Directives): void {
    noteSaid(this.head, said);
  }

  override keep(): Mark | undefined | Promise<Mark | undefined> {
    const kept = super.keep();
    if (!(kept instanceof Promise)) return kept;
    // Also if this session says nothing: another one may have, before the wait.
    return kept.then((mark) => () => {
      mark?.();
      lookAgain(this.head);
    });
  }

  /** Drops what cannot be kept. */
  forget(error: unknown): Promise<unknown> {
    return this.drop(this.session as LiveSession, error).catch(() => {});
  }

  /** Lets the program answer that the session could not be kept. */
  async fail(
    error: unknown,
    answerPlainly: () => void,
    isLast: boolean,
  ): Promise<void> {
    if (!isLast) {
      try {
        await this.#handOn(error);
        return;
      } catch (thrown) {
        // Who has answered throws its own, as in any listener.
        if (this.head.headersSent) throw thrown;
      }
    }
    answerPlainly();
  }

  /** Where a router of Express has taken over, its error handlers are first. */
  #handOn(error: unknown): unknown {
    const { next } = Object(this.head.req) as { next?: unknown };
    const goOn = typeof next === "function" ? next as Next : this.#next;
    return goOn(error);
  }

  /** Marks what the program answers then, as that may depend on the session. */
  markFailed(): void {
    const failed = saidOfFailed(this.session as LiveSession);
    const all = [...takeSaid(this.head), failed];
    // What would have to be waited for comes too late.
    unawaited(Promise.resolve(markAgain(this.head, all, this)));
  }
}

/**
 * Begins the exchange of a request, or answers a request from another site. The
 * session of a middleware before this one is that of both.
 *
 * @throws {SessionError} `unsupported` behind a plugin of Fastify for the same
 * cookie.
 */
export function beginExchange(
  settings: Settings,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
): Opener | undefined {
  const { when, trusted, emit } = settings;
  // A request is read when its session is opened, if its address stays: a router
  // may take its part of `url`; Express, Connect and Polka keep the whole.
  const isRead = when || trusted || !("originalUrl" in req);
  const asked = isRead ? readAsked(settings, req) : undefined;
  if (when && !when(requestFor(asked as Asked))) {
    return new HeldExchange(settings, undefined, res, next);
  }
  const why = trusted && whyForbidden(asked as Asked, trusted, emit);
  if (why) {
    beginText(res, 403);
    res.appendHeader("vary", FORBIDDEN_VARY);
    return void res.end(why);
  }
  const outer = lastOf(req);
  const around = findOrRefuse(settings, outer, true);
  const held = heldBy(around);
  if (held?.isHooked) throw new SessionError("unsupported", IN_FASTIFY);
  if (held) return held;
  const exchange = new HeldExchange(
    settings,
    req,
    res,
    next,
    asked,
    outer,
    around,
  );
  exchange.hold();
  exchange.enter(req);
  return exchange;
}
