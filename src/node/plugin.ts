import { requestFor } from "../adapters/source.ts";
import { SessionError } from "../errors.ts";
import { whyForbidden } from "../http/csrf.ts";
import type { Directives } from "../http/directives.ts";
import { FORBIDDEN_VARY } from "../http/forbidden.ts";
import type { Asked } from "../http/request.ts";
import type { Settings } from "../options/settings.ts";
import { type Exchange, lastOf } from "../request/exchange.ts";
import { findOrRefuse } from "../request/nested.ts";
import { type LiveSession, stateOf } from "../session/live_session.ts";
import { hasLeft } from "./head.ts";
import {
  heldBy,
  NodeExchange,
  type Opener,
  readAsked,
  saidOfFailed,
} from "./node_exchange.ts";
import { beforeHead } from "./last_word.ts";
import {
  checkReply,
  type FastifyReply,
  type FastifyRequest,
  isStream,
  letGo,
  ReplyHead,
  takeHead,
} from "./reply.ts";
import { dropAnswer, markAgain } from "./respond.ts";

// Fastify asks its hooks before a reply leaves, and waits for them: nothing is
// held here.

/** One session of one request of Fastify, which is kept by its hooks. */
export class ReplyExchange extends NodeExchange {
  readonly #reply: FastifyReply;
  /** What hooks in front have said to caches. */
  readonly #policy: unknown;
  #head: ReplyHead | undefined;
  #said: Directives | undefined;
  /** Whether it is said again just before the head leaves. */
  #isLast = false;
  #isSent = false;
  /** What keeps the session, while it is waited for. */
  #pending: Promise<void> | undefined;
  /** How many replies have waited: the last one leaves. */
  #waited = 0;
  #isWatched = false;

  constructor(
    settings: Settings,
    request: FastifyRequest | undefined,
    reply: FastifyReply,
    asked?: Asked,
    outer?: Exchange,
    layer?: Exchange,
  ) {
    super(settings, request, asked, outer, layer);
    this.#reply = reply;
    this.#policy = reply.getHeader("cache-control");
  }

  protected override get isHooked(): boolean {
    return true;
  }

  protected get head(): ReplyHead {
    return this.#head ??= new ReplyHead(this.#reply);
  }

  /** A client that leaves matters once there is something to keep, and not before. */
  protected override noteChanged(): void {
    if (this.#isWatched || !this.isOpen) return;
    this.#isWatched = true;
    const { raw } = this.#reply;
    raw.on("close", this.leave.bind(this));
    if (hasLeft(raw)) this.leave();
  }

  note(said: Directives): void {
    this.#said = said;
    if (this.#isLast) return;
    this.#isLast = true;
    const { raw } = this.#reply;
    beforeHead(raw, () => {
      void markAgain(raw, [this.#said], this);
      // Of a head that Node refuses, another one is sent.
      this.#isLast = false;
    });
  }

  /**
   * Keeps the session before a reply leaves; without a promise if nothing is
   * waited for. Fastify asks again for the answer to an error.
   *
   * @returns What is left to send.
   */
  send(payload: unknown): unknown {
    if (this.isIdle) {
      this.keep();
      return payload;
    }
    const rest = takeHead(this.#reply, payload);
    const kept = this.#pending?.finally(() => this.#sayAgain()) ??
      (this.#isSent ? this.#sayAgain() : this.#keepOnce());
    return kept instanceof Promise ? this.#wait(kept, rest) : rest;
  }

  /**
   * Waits with a reply. Of two, the status and the fields are those of the last
   * one, which leaves alone: Fastify would end a response twice.
   */
  async #wait(kept: Promise<void>, rest: unknown): Promise<unknown> {
    const turn = ++this.#waited;
    // Fastify listens only after that, and finds that a stream has broken.
    if (isStream(rest)) rest.on("error", () => {});
    try {
      await kept;
      if (turn === this.#waited) return rest;
    } catch (error) {
      if (turn === this.#waited) {
        letGo(rest);
        throw error;
      }
    }
    letGo(rest);
    return await new Promise(() => {});
  }

  #keepOnce(): void | Promise<void> {
    const { session } = this;
    const isKept = session && stateOf(session).isTouched && !this.hasFailed;
    const wrong = isKept && checkReply(this.#reply, this.head);
    // As a promise, so that the payload is closed.
    if (wrong) return Promise.reject(wrong);
    this.#isSent = true;
    let kept: ReturnType<NodeExchange["keep"]>;
    try {
      kept = this.keep();
    } catch (error) {
      return this.#fail(error);
    }
    if (!(kept instanceof Promise)) return kept?.();
    return this.#pending = kept
      .then((mark) => mark?.(), (error) => this.#fail(error))
      .finally(() => this.#pending = undefined);
  }

  /** Hands the error on to the error handlers, once nothing is left behind. */
  async #fail(error: unknown): Promise<void> {
    // What has failed first says more than what fails now.
    if (this.hasFailed) return await this.#sayAgain();
    await this.drop(this.session as LiveSession, error).catch(() => {});
    dropAnswer(this.head, this.#policy);
    throw error;
  }

  /** Marks what is answered to an error, as that may show the session. */
  #sayAgain(): void | Promise<void> {
    const { session } = this;
    const failed = session && saidOfFailed(session);
    return markAgain(this.head, [this.#said ?? failed], this);
  }

  /** A route or a hook has failed: its error handler answers, and Fastify asks. */
  handleError(): void {
    if (this.isOpen) return this.discard();
    // What was kept stays so, whatever fails after that or meanwhile.
    if (this.#pending || this.#reply.raw.headersSent) return;
    if (this.isIdle) this.discardLate();
    else this.refuse();
  }
}

/**
 * Begins the exchange of a request. The session of a plugin before this one is
 * that of both.
 *
 * @throws {SessionError} `forbidden` for a request of another site.
 */
export function beginReply(
  settings: Settings,
  request: FastifyRequest,
  reply: FastifyReply,
): Opener {
  const { when, trusted } = settings;
  let asked: Asked | undefined;
  if (when || trusted) {
    asked = readAsked(settings, request);
    if (when && !when(requestFor(asked))) {
      return new ReplyExchange(settings, undefined, reply);
    }
    if (trusted) refuseForeign(settings, trusted, asked, reply);
  }
  const { raw } = request;
  const outer = lastOf(raw);
  const around = findOrRefuse(settings, outer, true);
  const held = heldBy(around);
  if (held) return held;
  const exchange = new ReplyExchange(
    settings,
    request,
    reply,
    asked,
    outer,
    around,
  );
  exchange.enter(raw);
  return exchange;
}

function refuseForeign(
  { emit }: Settings,
  trusted: ReadonlySet<string>,
  asked: Asked,
  reply: FastifyReply,
): void {
  const why = whyForbidden(asked, trusted, emit);
  if (!why) return;
  const vary = [reply.getHeader("vary") ?? [], FORBIDDEN_VARY].flat();
  reply.header("vary", vary.join(", "));
  const error = new SessionError("forbidden", why);
  throw Object.assign(error, { status: 403, statusCode: 403 });
}
