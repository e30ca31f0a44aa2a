import type { Refused } from "../events.ts";
import { isNavigation } from "../http/request.ts";
import { isChecked, type Settings } from "../options/settings.ts";
import { begin } from "../session/begin.ts";
import { readValues } from "../session/codec.ts";
import { familyOf, uncleared } from "../session/known.ts";
import { nameOf, type State, tell, type Visit } from "../session/state.ts";
import { REFERENCE, type Unsealed } from "../token/content.ts";
import { acceptValues, noteOpened, tellRejected } from "./accept.ts";

/** Checks what more than the cookie decides. */
export type Check = (
  state: State,
  content: Unsealed,
  now: number,
) => Promise<State | null>;

/** Opens the session of a cookie; a refused one begins a new session. */
export function openCookie(
  visit: Visit,
  token: string,
  check: Check,
): State | Promise<State> {
  const state = openToken(visit, token, check);
  return state instanceof Promise
    ? state.then((state) => state ?? beginRefused(visit))
    : state ?? beginRefused(visit);
}

/** Begins a new session in place of one whose cookie was refused. */
export function beginRefused(visit: Visit): State {
  if (visit.isGone) visit.phase = "gone";
  visit.isNavigation = isNavigation(visit.headers);
  return begin(visit, true);
}

/** Opens the session of a token; `null`, with an event, if it is refused. */
export function openToken(
  visit: Visit,
  token: string,
  check: Check,
): State | null | Promise<State | null> {
  const now = visit.settings.now();
  const content = visit.cookie.tokens.unseal(token, now);
  return content instanceof Promise
    ? content.then((content) => admit(visit, content, now, check))
    : admit(visit, content, now, check);
}

/**
 * Returns the session of an opened token; `null`, with an event, if it is
 * refused or over.
 */
export function admit(
  visit: Visit,
  content: Unsealed | Refused,
  now: number,
  check: Check,
): State | null | Promise<State | null> {
  const { outgrown } = visit.settings;
  visit.opened = now;
  const isUnknown = "flags" in content && content.flags === REFERENCE &&
    !outgrown;
  if (isUnknown || "fault" in content) {
    visit.fault = "fault" in content ? content.fault : "flags";
    tellRejected(visit, visit.fault, content.keyId);
    return null;
  }
  if (content.flags === REFERENCE) visit.settings = outgrown as Settings;
  const { settings } = visit;
  const state = begin(visit, false, { ...content });
  if (uncleared.size && isUncleared(state)) {
    tell(state, "gone");
    return null;
  }
  if (isChecked(settings)) return check(state, content, now);
  const values = content.values ??= readValues(settings.codec, content.text);
  if (!acceptValues(state, values && { ...values }, "not-json", now)) {
    return null;
  }
  noteOpened(state, now);
  return state;
}

/** Whether a failed request has ended the session, by this id or another. */
function isUncleared(state: State): boolean {
  const name = nameOf(state);
  return uncleared.has(name) ||
    uncleared.has(familyOf(state.visit.settings, name));
}
