import { csrfPart, nestedPart } from "../on_demand.ts";
import { tagOf } from "../options/check.ts";
import type { Settings } from "../options/settings.ts";
import { visitOf } from "../session/begin.ts";
import { LiveSession, stateOf } from "../session/live_session.ts";
import type { Phase, State, Visit } from "../session/state.ts";
import { unawaited } from "../unawaited.ts";
import { commit } from "./commit.ts";
import { enter, type Exchange, exchangeOf } from "./exchange.ts";
import { leaveFailed } from "./leave_failed.ts";
import { openSession } from "./open.ts";

/**
 * Returns a response that the handler threw, `throw redirect("/login")` say: it
 * is one like any other.
 *
 * @throws The thrown value, if it is no response.
 */
export function answerOf(thrown: unknown): Response {
  // By its tag, as it may be of another realm or library.
  if (tagOf(thrown) === "[object Response]") return thrown as Response;
  throw thrown;
}

/** Begins the exchange of a request, or answers a request from another site. */
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
  const { findOrRefuse } = await nestedPart();
  return findOrRefuse(settings, outer) ??
    beginOwn(settings, request, false, outer);
}

function beginOwn(
  settings: Settings,
  request: Request,
  isLeftOut: boolean,
  outer?: Exchange,
): Exchange {
  // A handler that does not ask for the session does not pay for it.
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
  const commitOpened = (session: LiveSession, response: Response) =>
    commit(() => stateOf(session), response);
  const exchange: Exchange = {
    settings,
    outer,
    open,
    // One promise for both: the handler's callbacks run before those of
    // `commit`.
    openLater: () => opened = unawaited(Promise.resolve(open())),
    commit: (response) => {
      // Too late to open the session, though others may still be saved.
      if (!isLeftOut) phase = "late-write";
      return opened instanceof Promise
        // Opening failed, and the handler answered without the session.
        ? opened.then(
          (session) => commitOpened(session, response),
          () => ({}),
        )
        : opened && commitOpened(opened, response);
    },
    state: () => session && stateOf(session),
    end: (isFailed, outcome) => {
      if (!isLeftOut) {
        exchange.isEnded = true;
        // Of what was kept, a layer that comes later goes on.
        if (isFailed) enter(request, exchangeOf(request));
        phase = "late-write";
        const last = session ? stateOf(session).visit : visit;
        if (last && last.phase !== "left-out") last.phase = phase;
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
