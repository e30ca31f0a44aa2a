import type { Refused } from "../events.ts";
import { readCookie } from "../http/cookie.ts";
import { checkRequest, isNavigation } from "../http/request.ts";
import {
  addressPart,
  admitPart,
  partsFor,
  severalCookiesPart,
} from "../on_demand.ts";
import { begin } from "../session/begin.ts";
import type { State, Visit } from "../session/state.ts";
import type { Unsealed } from "../token/content.ts";

/**
 * Opens the session of a visit; without a promise if nothing is waited for.
 * Whatever the request holds, it gets a session.
 */
export function openSession(visit: Visit): State | Promise<State> {
  const { cookie, headers } = visit;
  checkRequest(headers);
  const header = headers?.get("cookie") ?? "";
  return headers && (cookie.isLocal || cookie.options.path)
    ? openAt(visit, header)
    : readSession(visit, header);
}

/** Opens a session whose cookie depends on the request's address. */
async function openAt(visit: Visit, header: string): Promise<State> {
  const { url, headers } = visit.request as Request;
  // Deno takes both back with an upgrade, which may come before the part is here.
  const fields = [...headers];
  const { chooseCookieAt } = await addressPart();
  chooseCookieAt(visit, url, fields);
  return await readSession(visit, visit.headers ? header : "");
}

function readSession(visit: Visit, header: string): State | Promise<State> {
  const token = readCookie(header, visit.cookie);
  if (!token && token !== null) return begin(visit);
  const state = token ? openToken(visit, token) : choose(visit, header);
  return state instanceof Promise
    ? state.then((state) => state ?? beginRefused(visit))
    : state ?? beginRefused(visit);
}

function beginRefused(visit: Visit): State {
  if (visit.isGone) visit.phase = "gone";
  visit.isNavigation = isNavigation(visit.headers);
  return begin(visit, true);
}

/** Opens the session of the cookie that counts of several. */
async function choose(visit: Visit, header: string): Promise<State | null> {
  const { chooseCookie } = await severalCookiesPart();
  const now = visit.settings.now();
  const chosen = await chooseCookie(visit, header, now);
  if (chosen === undefined) return begin(visit);
  return typeof chosen === "string"
    ? openToken(visit, chosen)
    : chosen && admit(visit, chosen, now);
}

/** Opens the session of a token; `null`, with an event, if it is refused. */
export function openToken(
  visit: Visit,
  token: string,
): State | null | Promise<State | null> {
  const now = visit.settings.now();
  const content = visit.cookie.tokens.unseal(token, now);
  return content instanceof Promise
    ? content.then((content) => admit(visit, content, now))
    : admit(visit, content, now);
}

/** Returns the session of an opened token, unless it is over. */
function admit(
  visit: Visit,
  content: Unsealed | Refused,
  now: number,
): State | null | Promise<State | null> {
  const part = admitPart();
  return part instanceof Promise
    ? part.then(() => admit(visit, content, now))
    : part.admit(visit, content, now, check);
}

/** Checks a session where more than its cookie decides. */
async function check(
  state: State,
  content: Unsealed,
  now: number,
): Promise<State | null> {
  const { checks, engine } = await partsFor(state.visit);
  return await checks?.isGood(state, content, now, engine) ? state : null;
}
