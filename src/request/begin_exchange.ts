import { csrfPart, nestedPart, partsFor } from "../on_demand.ts";
import { tagOf } from "../options/check.ts";
import type { Settings } from "../options/settings.ts";
import { visitOf } from "../session/begin.ts";
import { LiveSession, stateOf } from "../session/live_session.ts";
import type { Phase, State, Visit } from "../session/state.ts";
import { unawaited } from "../unawaited.ts";
import { commit } from "./commit.ts";
import { enter, type Exchange, exchangeOf } from "./exchange.ts";
import { openSession } from "./open.ts";

/**
 * The answer that a handler has thrown, `throw redirect("/login")` say: it is
 * one like any other, told by what is needed of it. An error is none.
 *
 * @throws What is no answer.
 */
export function answerOf(thrown: unknown): Response {
  // Of whatever realm or library.
  if (tagOf(thrown) === "[object Response]") return thrown as Response;
  throw thrown;
}

/** The session of a request, or the answer to a request from another site. */
export function beginExchange(
  settings: Settings,
  request: Request,
): Exchange | Promise<Exchange | Response> {
  const { when, trusted } = settings;
  const isLeftOut = !!when && !when(request);
  return trusted && !isLeftOut
    ? beginTrusted(settings, request, trusted)
    : beginWithin(settings, request, isLeftOut);
}

async function beginTrusted(
  settings: Settings,
  request: Request,
  trusted: ReadonlySet<string>,
): Promise<Exchange | Response> {
  const { forbidCrossSite } = await csrfPart();
  return forbidCrossSite(request, trusted, settings.emit) ??
    beginWithin(settings, request, false);
}

function beginWithin(
  settings: Settings,
  request: Request,
  isLeftOut: boolean,
): Exchange | Promise<Exchange> {
  const outer = isLeftOut ? undefined : exchangeOf(request);
  return outer
    ? beginNested(settings, request, outer)
    : beginOwn(settings, request, isLeftOut);
}

async function beginNested(
  settings: Settings,
  request: Request,
  outer: Exchange,
): Promise<Exchange> {
  const { findAround } = await nestedPart();
  return findAround(settings, outer) ??
    beginOwn(settings, request, false, outer);
}

function beginOwn(
  settings: Settings,
  request: Request,
  isLeftOut: boolean,
  outer?: Exchange,
): Exchange {
  // Who does not ask for the session does not pay for it.
  let phase: Phase = isLeftOut ? "left-out" : "open";
  let visit: Visit | undefined;
  let opened: LiveSession | Promise<LiveSession> | undefined;
  let session: LiveSession | undefined;
  const show = (begun: State) => session = new LiveSession(begun);
  const open = () => {
    if (opened) return opened;
    visit = visitOf(settings, isLeftOut ? undefined : request, phase);
    const begun = openSession(visit);
    return opened = begun instanceof Promise ? begun.then(show) : show(begun);
  };
  const exchange: Exchange = {
    settings,
    outer,
    open,
    // What the handler does with it comes before what is done at the end.
    openLater: () => opened = unawaited(Promise.resolve(open())),
    commit: (response) => {
      // Another session of the request may still have to be kept.
      if (!isLeftOut) phase = "late-write";
      return opened instanceof Promise
        // Without it, the handler has made an answer of its own.
        ? opened.then(
          (session) => commit(stateOf(session), response),
          () => ({}),
        )
        : opened && commit(stateOf(opened), response);
    },
    state: () => session && stateOf(session),
    end: (isFailed, outcome) => {
      if (!isLeftOut) {
        enter(request, outer);
        phase = "late-write";
        if (visit && visit.phase !== "left-out") visit.phase = phase;
      }
      const state = session && stateOf(session);
      if (!state) return undefined;
      if (isFailed) return leaveFailed(state, outcome);
      return state.isSent ? undefined : state.abandon?.();
    },
  };
  if (!isLeftOut) enter(request, exchange);
  return exchange;
}

/** What a request leaves that has failed: see `end.ts`. */
export async function leaveFailed(state: State, error: unknown): Promise<void> {
  if (!state.isEndAsked && !state.before && !state.abandon) return;
  const { writing, ...others } = await partsFor(state.visit);
  await writing.leave(state, error, others);
}
