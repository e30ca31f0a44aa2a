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
import { refuseAgain } from "../session/write_rules.ts";
import { commit } from "./commit.ts";
import { type Exchange, exchangeOf } from "./exchange.ts";
import { leaveFailed } from "./leave_failed.ts";
import { openSession } from "./open.ts";

// A program opens and commits a session itself: a middleware and a handler, a
// proxy and a page. All layers of one request have one session; each commits
// what was changed so far, and the last one ends it.

/** A session that layers of one request have opened. */
interface Opened {
  /** How many layers have opened it. */
  layers: number;
  /** How many of them have committed it. */
  commits: number;
  /** Where cookies go if a layer does not say more. */
  jar?: Source["jar"];
  /** A wrapped handler around the layers has opened it, and saves it. */
  readonly around?: Exchange | undefined;
  isDiscarded?: boolean;
  /** Its last commit has failed: once discarded, the answer is committed. */
  hasFailed?: boolean;
  /** Ends the wait for a commit, after a change. */
  forget?: (() => void) | undefined;
}

/** By the options, then by what all layers of a request have. */
const requests: WeakMap<Settings, WeakMap<object, Promise<LiveSession>>> =
  new WeakMap();
const known: WeakMap<LiveSession, Opened> = new WeakMap();

/** Opens the session of a source; for a second layer, the same one. */
export async function openLayer(
  settings: Settings,
  given: readonly unknown[],
): Promise<LiveSession> {
  const source = isRequest(given[0]) && given.length === 1
    ? { request: given[0], key: given[0] }
    : (await adaptersPart()).readSource(settings, given);
  const all = requests.get(settings) ?? new WeakMap();
  requests.set(settings, all);
  let opening: Promise<LiveSession> | undefined;
  while ((opening = all.get(source.key))) {
    const session = await opening.catch(() => undefined);
    const opened = session && openedOf(session);
    if (session && opened && !isOver(opened)) {
      opened.layers++;
      opened.jar = source.jar ?? opened.jar;
      return session;
    }
    // It has failed; or a test plays the same request once more.
    if (all.get(source.key) === opening) all.delete(source.key);
  }
  opening = openFirst(settings, source);
  all.set(source.key, opening);
  return await opening;
}

async function openFirst(
  settings: Settings,
  source: Source,
): Promise<LiveSession> {
  const { request, jar } = source;
  const { when, trusted } = settings;
  let isLeftOut = false;
  if (when || trusted) {
    const asked = isRequest(request)
      ? request
      : (await adaptersPart()).requestFor(settings, request);
    isLeftOut = !!when && !when(asked);
    if (trusted && !isLeftOut) await checkSite(asked, settings);
  }
  const around = isLeftOut ? undefined : await findAround(settings, request);
  if (around) {
    const session = await around.open() as LiveSession;
    known.set(session, { layers: 1, commits: 0, around });
    return session;
  }
  const asked = jar && !isLeftOut
    ? await (await adaptersPart()).readCookies(settings, source)
    : request;
  const visit = isLeftOut
    ? visitOf(settings, undefined, "left-out")
    : visitOf(settings, asked);
  const session = new LiveSession(await openSession(visit));
  const opened: Opened = { layers: 1, commits: 0, jar };
  known.set(session, opened);
  const { waitForCommit } = await adaptersPart();
  visit.onChange = () => {
    opened.forget ??= waitForCommit(() => stateOf(session));
  };
  return session;
}

/** Ends the wait for a commit: what was changed is kept, or dropped. */
export function endWait(session: LiveSession): void {
  const opened = openedOf(session);
  opened.forget?.();
  opened.forget = undefined;
}

/** @throws {SessionError} `forbidden` for a request of another site. */
async function checkSite(
  request: Request,
  { trusted, emit }: Settings,
): Promise<void> {
  const { forbidCrossSite } = await csrfPart();
  const answer = trusted && forbidCrossSite(request, trusted, emit);
  if (!answer) return;
  const error = new SessionError("forbidden", await answer.text());
  throw Object.assign(error, { status: 403 });
}

/** Returns the exchange of a wrapped handler that this request is in. */
async function findAround(
  settings: Settings,
  request: Asked | undefined,
): Promise<Exchange | undefined> {
  const outer = isRequest(request) ? exchangeOf(request) : undefined;
  return outer && (await nestedPart()).findAround(settings, outer);
}

/** What a layer commits to: a response, a cookie jar, or nothing. */
type Target = Response | object | undefined;

/** Saves what was changed, and says it to whom the layer names. */
export async function commitLayer(
  session: LiveSession,
  targets: readonly Target[],
): Promise<Response | CommittedSession> {
  const opened = openedOf(session);
  const { hasFailed, isDiscarded } = opened;
  if (isOver(opened) && !(hasFailed && isDiscarded)) {
    refuseAgain(stateOf(session));
  }
  opened.hasFailed = false;
  opened.commits++;
  endWait(session);
  const [target] = targets;
  const isResponse = targets.length > 0 && !isJar(target);
  // What a framework's response has already is not known then.
  const response = isResponse ? target as Response : new Response();
  try {
    const directives = opened.isDiscarded
      ? (await failedPart()).directivesOfDiscarded(stateOf(session))
      : await commitTo(session, opened, response);
    const finished = await finish(response, [directives]);
    if (isResponse) {
      await settle(session, opened);
      return finished;
    }
    const { committedOf, jarOf, writeCookies } = await adaptersPart();
    const committed = committedOf(finished.headers);
    await writeCookies(jarOf(target) ?? opened.jar, committed.cookies);
    await settle(session, opened);
    return committed;
  } catch (error) {
    opened.hasFailed = true;
    stateOf(session).isSent = false;
    await leaveFailed(stateOf(session), error);
    throw error;
  }
}

async function commitTo(
  session: LiveSession,
  { around, commits, layers }: Opened,
  response: Response,
): Promise<Directives | undefined> {
  if (around) return await around.commit(response);
  const { phase } = stateOf(session).visit;
  const directives = await commit(() => stateOf(session), response);
  // A layer around this one may still change it.
  if (commits < layers) stateOf(session).visit.phase = phase;
  return directives;
}

/** Keeps a new record if its cookie is on its way, or may still be. */
async function settle(session: LiveSession, opened: Opened): Promise<void> {
  const state = stateOf(session);
  if (opened.around || !state.isSent && !isOver(opened)) return;
  if (!state.isSent) await state.abandon?.();
  delete state.abandon;
}

/**
 * Drops what a failed handler has changed, whatever response is made of its
 * error. What it has ended is over all the same.
 *
 * @throws {SessionError} `unsupported` if a wrapped handler saves the session.
 */
export async function discardLayers(session: LiveSession): Promise<void> {
  const opened = openedOf(session);
  const state = stateOf(session);
  if (opened.around) {
    const why = "withSession() saves the session of this request";
    throw new SessionError("unsupported", `Cannot discard: ${why}`);
  }
  if (isOver(opened)) {
    opened.isDiscarded ||= !!opened.hasFailed;
    return;
  }
  endWait(session);
  opened.isDiscarded = true;
  state.visit.phase = "late-write";
  await leaveFailed(state, undefined);
}

function openedOf(session: LiveSession): Opened {
  const opened = known.get(session) ?? { layers: 1, commits: 0 };
  known.set(session, opened);
  return opened;
}

function isOver({ around, commits, layers }: Opened): boolean {
  return !around && commits >= layers;
}

/** Whether something is a request of any realm. */
function isRequest(given: unknown): given is Request {
  return tagOf(given) === "[object Request]";
}

function isJar(target: unknown): boolean {
  const { set, write } = Object(target);
  return [set, write].some((each) => typeof each === "function");
}
