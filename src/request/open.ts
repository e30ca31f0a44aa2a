import { readCookie } from "../http/cookie.ts";
import { type Asked, checkRequest } from "../http/request.ts";
import {
  addressPart,
  admitPart,
  decidingPartsFor,
  severalCookiesPart,
  takeOverPart,
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
  const { url, headers } = visit.request as Asked;
  // Deno takes both back with an upgrade, which may come before the part is here.
  const fields = [...headers];
  const { chooseCookieAt } = await addressPart();
  chooseCookieAt(visit, url, fields);
  return await readSession(visit, visit.headers ? header : "");
}

function readSession(visit: Visit, header: string): State | Promise<State> {
  const { accept, overflow } = visit.settings;
  const parts = overflow && header && decidingPartsFor(visit);
  if (parts instanceof Promise) {
    return parts.then(() => readSession(visit, header));
  }
  const state = readOwn(visit, visit.cutting?.join(visit, header) ?? header);
  return accept && header ? takeOver(visit, header, state) : state;
}

/** Looks for a session of another library, too. */
async function takeOver(
  visit: Visit,
  header: string,
  own: State | Promise<State>,
): Promise<State> {
  const part = await takeOverPart();
  const state = await own;
  const { engine } = await decidingPartsFor(visit);
  return part.takeOver(visit, header, state, engine);
}

function readOwn(visit: Visit, header: string): State | Promise<State> {
  const token = readCookie(header, visit.cookie);
  if (!token && token !== null) return begin(visit, !!visit.fault);
  return token ? openCookie(visit, token) : openSeveral(visit, header);
}

function openCookie(visit: Visit, token: string): State | Promise<State> {
  const part = admitPart();
  return part instanceof Promise
    ? part.then(() => openCookie(visit, token))
    : part.openCookie(visit, token, check);
}

async function openSeveral(visit: Visit, header: string): Promise<State> {
  const part = await severalCookiesPart();
  return await part.openSeveral(visit, header, check);
}

/** Opens the session of a token; `null`, with an event, if it is refused. */
export async function openToken(
  visit: Visit,
  token: string,
): Promise<State | null> {
  const part = await admitPart();
  return await part.openToken(visit, token, check);
}

/** Checks a session where more than its cookie decides. */
async function check(
  state: State,
  content: Unsealed,
  now: number,
): Promise<State | null> {
  const { checks, engine } = await decidingPartsFor(state.visit);
  return await checks?.checkSession(state, content, now, engine) ? state : null;
}
