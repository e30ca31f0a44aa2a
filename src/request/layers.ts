import type { CommittedSession } from "../adapters/contract.ts";
import type { Source } from "../adapters/source.ts";
import { SessionError } from "../errors.ts";
import type { Directives } from "../http/directives.ts";
import type { Asked } from "../http/request.ts";
import { finish } from "../http/response.ts";
import {
  adaptersPart,
  csrfPart,
  failedPart,
  nestedPart,
} from "../on_demand.ts";
import { tagOf } from "../options/check.ts";
import type { Settings } from "../options/settings.ts";
import { visitOf } from "../session/begin.ts";
import { LiveSession, stateOf } from "../session/live_session.ts";
import { directivesOf, type State } from "../session/state.ts";
import { refuseAgain } from "../session/write_rules.ts";
import { unawaited } from "../unawaited.ts";
import { type Exchange, lastOf } from "./exchange.ts";
import { commit } from "./commit.ts";
import { leaveFailed } from "./leave_failed.ts";
import { openSession } from "./open.ts";
import {
  endNotes,
  endWait,
  isOver,
  noteAt,
  noteOpened,
  type Opened,
  openedOf,
} from "./opened.ts";

// A program opens and commits a session itself: a middleware and a handler, a
// proxy and a page. All layers of one request have one session; each commits
// what was changed so far, and the last one ends it.

/** Opens the session of a source; for a second layer, the same one. */
export async function openLayer(
  settings: Settings,
  given: readonly unknown[],
): Promise<LiveSession> {
  const [first] = given;
  const isAlone = given.length === 1 && isRequest(first) &&
    Object.isExtensible(first);
  const source: Source = isAlone
    ? { request: first, keys: [first] }
    : (await adaptersPart()).readSource(settings, given);
  const { request, jar, keys } = source;
  const { findAround } = await nestedPart();
  const find = () => {
    for (const key of keys) {
      const found = findAround(settings, lastOf(key), true);
      if (found) return found;
    }
    return undefined;
  };
  // A jar alone is that of a request which was looked at, or is refused.
  const isLookedAt = request || !find();
  if (isLookedAt && !await mayOpen(settings, request)) {
    const visit = visitOf(settings, undefined, "left-out");
    return new LiveSession(await openSession(visit));
  }
  // Nothing is waited for from here on until others find what is noted.
  const exchange = find() ?? openFirst(settings, source);
  const opened = exchange.layers as Opened | undefined;
  if (opened) {
    opened.jar = jar ?? opened.jar;
    noteAt(keys, opened);
  }
  const session = await exchange.open() as LiveSession;
  if (!opened) noteOpened(session, { layers: 1, commits: 0, around: exchange });
  return session;
}

/**
 * Whether there is a session for a request, by `when`.
 *
 * @throws {SessionError} `forbidden` for a request of another site.
 * @throws {TypeError} If an option has to look at it and there is only a jar.
 */
async function mayOpen(
  { accept, when, trusted, emit }: Settings,
  request: Asked | undefined,
): Promise<boolean> {
  if (!when && !trusted && !(accept && !request)) return true;
  const { refuseToLook, requestFor } = await adaptersPart();
  if (!request) {
    return refuseToLook(when ? "when" : trusted ? "csrf" : "accept");
  }
  const isLeftOut = when &&
    !when(isRequest(request) ? request : requestFor(request));
  if (isLeftOut || !trusted) return !isLeftOut;
  const { forbidCrossSite } = await csrfPart();
  const answer = forbidCrossSite(request, trusted, emit);
  if (!answer) return true;
  const error = new SessionError("forbidden", await answer.text());
  throw Object.assign(error, { status: 403 });
}

/** Opens a session for the first layer, and makes what others join. */
function openFirst(settings: Settings, source: Source): Exchange {
  const opened: Opened = { layers: 0, commits: 0, jar: source.jar };
  const opening = begin(settings, source, opened);
  // The next layer tries again.
  opening.catch(() => endNotes(opened));
  const join = () => joinLayers(settings, opened, opening);
  opened.exchange = { ...join(), join };
  return join();
}

async function begin(
  settings: Settings,
  source: Source,
  opened: Opened,
): Promise<LiveSession> {
  const { request, jar } = source;
  const { readCookies, waitForCommit } = await adaptersPart();
  const asked = jar ? await readCookies(settings, source) : request;
  const visit = visitOf(settings, asked);
  const session = new LiveSession(await openSession(visit));
  const state = () => stateOf(session);
  const onChange = () => {
    opened.forget ??= waitForCommit(state);
  };
  visit.onChange = onChange;
  opened.state = state;
  noteOpened(session, opened);
  return session;
}

/** The exchange of one more layer. */
function joinLayers(
  settings: Settings,
  opened: Opened,
  opening: Promise<LiveSession>,
): Exchange {
  let joined: Promise<LiveSession> | undefined;
  let isLate = false;
  let isCommitted = false;
  const open = () => {
    if (joined || isLate) return joined ?? opening;
    const { state, phase } = opened;
    // A layer that comes after the others goes on from what they have kept.
    if (state && phase && isOver(opened)) state().visit.phase = phase;
    opened.layers++;
    return joined = opening;
  };
  return {
    settings,
    outer: undefined,
    layers: opened,
    open,
    openLater: () => unawaited(open()),
    commit: async (response) => {
      isLate = true;
      const session = await joined?.catch(() => undefined);
      if (!session) return undefined;
      isCommitted = true;
      try {
        return await commitOpened(session, opened, response);
      } catch (error) {
        await failCommit(session, opened, error);
        throw error;
      }
    },
    end: async (isFailed, outcome) => {
      isLate = true;
      const session = await joined?.catch(() => undefined);
      if (!session) return;
      if (!isCommitted) {
        opened.layers--;
        await leaveLayer(stateOf(session), opened, outcome);
      } else if (!isFailed) await settle(session, opened);
      // Beside it, another session of its response could not be kept.
      else if (!opened.hasFailed) await failCommit(session, opened, outcome);
    },
    state: () => opened.state?.(),
  };
}

/** What a layer commits to: a response, a cookie jar, or nothing. */
type Target = Response | object | undefined;

/**
 * Saves what was changed, and says it to whom the layer names.
 *
 * @throws {TypeError} If that is neither a response nor a cookie jar.
 */
export async function commitLayer(
  session: LiveSession,
  targets: readonly Target[],
): Promise<Response | CommittedSession> {
  const [target] = targets;
  // Without a response, a handler has upgraded its request.
  const isResponse = targets.length > 0 &&
    (target === undefined || tagOf(target) === "[object Response]");
  const adapters = isResponse ? undefined : await adaptersPart();
  const given = targets.length ? adapters?.targetOf(target) : undefined;
  const opened = openedOf(session);
  const { hasFailed, isDiscarded } = opened;
  if (isOver(opened) && !(hasFailed && isDiscarded)) {
    refuseAgain(stateOf(session));
  }
  // What a framework's response has already is not known then.
  const response = isResponse ? target as Response : new Response();
  try {
    const directives = await commitOpened(session, opened, response);
    if (!adapters) {
      const finished = await finish(response, [directives]);
      await settle(session, opened);
      return finished;
    }
    let isDue = false;
    const said = directives && { ...directives, noteSent: () => isDue = true };
    const finishing = finish(response, [said as Directives | undefined]);
    // Nothing is waited for in vain: others must not send cookies meanwhile.
    const { headers } = finishing instanceof Promise
      ? await finishing
      : finishing;
    const committed = adapters.committedOf(headers);
    const taken = adapters.writeCookies(given ?? opened.jar, committed.cookies);
    if (taken) await taken;
    // A jar that takes no cookie any more has thrown: none goes out.
    if (isDue) directives?.noteSent?.();
    await settle(session, opened);
    return committed;
  } catch (error) {
    await failCommit(session, opened, error);
    throw error;
  }
}

/** Saves what was changed so far, for one layer. */
async function commitOpened(
  session: LiveSession,
  opened: Opened,
  response: Response,
): Promise<Directives | undefined> {
  opened.hasFailed = false;
  opened.commits++;
  endWait(session);
  if (opened.isDiscarded) {
    const { directivesOfDiscarded } = await failedPart();
    return directivesOfDiscarded(stateOf(session));
  }
  if (opened.around) return await opened.around.commit(response);
  const state = stateOf(session);
  const { phase } = state.visit;
  // A layer that goes on may read it in the body of this response.
  state.isTouched ||= !isOver(opened);
  if (opened.hasLeft) return state.isTouched ? directivesOf(state) : undefined;
  opened.phase = phase;
  const directives = await commit(() => stateOf(session), response);
  // A layer around this one may still change it.
  if (!isOver(opened)) stateOf(session).visit.phase = phase;
  // What is written from here on is waited for anew.
  for (const batch of state.batches) batch.isTaken = true;
  return directives;
}

/** Keeps a new record if its cookie is on its way, or may still be. */
async function settle(
  session: LiveSession,
  opened: Opened,
): Promise<void> {
  const state = stateOf(session);
  if (opened.around) return;
  const { abandon } = state;
  const isLost = !state.isSent && !!abandon;
  // A cookie jar shows what was set in it. A request does not: a later layer
  // goes on from what was kept, and not from its cookie.
  if (isOver(opened)) endNotes(opened, !isLost && !opened.isDiscarded);
  else if (!state.isSent) return;
  if (isLost) await abandon();
  delete state.abandon;
}

/**
 * Leaves what a failed handler or commit leaves behind. What it has ended is
 * over; what it has changed, another layer may keep, with the record that it has
 * saved.
 */
async function leaveLayer(
  state: State,
  opened: Opened,
  error: unknown,
): Promise<void> {
  const hasEnded = state.isEndAsked || state.before;
  if (hasEnded || isOver(opened)) await leaveFailed(state, error);
}

/** Leaves what a commit that has failed leaves behind. */
async function failCommit(
  session: LiveSession,
  opened: Opened,
  error: unknown,
): Promise<void> {
  opened.hasFailed = true;
  if (isOver(opened)) endNotes(opened);
  const state = stateOf(session);
  state.isSent = false;
  await leaveLayer(state, opened, error);
}

/**
 * Drops what a failed handler has changed, whatever response is made of its
 * error. What it has ended is over all the same.
 *
 * @throws {SessionError} `unsupported` if a wrapped handler saves the session.
 */
export async function discardLayers(
  session: LiveSession,
  error?: unknown,
): Promise<void> {
  const opened = openedOf(session);
  const state = stateOf(session);
  if (opened.around) {
    const why =
      "withSession() or a middleware saves the session of this request";
    throw new SessionError("unsupported", `Cannot discard: ${why}`);
  }
  if (isOver(opened)) {
    opened.isDiscarded ||= !!opened.hasFailed;
    return;
  }
  endWait(session);
  opened.isDiscarded = true;
  state.visit.phase = "late-write";
  await leaveFailed(state, error);
}

/** Whether something is a request of any realm. */
function isRequest(given: unknown): given is Request {
  return tagOf(given) === "[object Request]";
}
