import type { Asked } from "../http/request.ts";
import type { Settings } from "../options/settings.ts";
import { tickNow } from "./known.ts";
import {
  type Content,
  hasCookie,
  type Phase,
  type State,
  type Visit,
} from "./state.ts";

/** Makes the visit of a request or, without one, of a job or a socket. */
export function visitOf(
  settings: Settings,
  request?: Asked,
  phase: Phase = "open",
): Visit {
  const cookie = settings.cookieFor(request);
  const { headers } = request ?? {};
  return { settings, cookie, request, headers, phase, isNavigation: !request };
}

/** Begins a session from the content of its token, or a new one. */
export function begin(
  visit: Visit,
  isRefused = false,
  content: Content = timesFrom(visit),
): State {
  return {
    visit,
    values: {},
    content,
    isRefused,
    isTouched: false,
    batches: [],
    began: tickNow(),
  };
}

/** Turns a session that has ended into a new one, with nothing left in it. */
export function beginAnew(state: State): void {
  state.visit.phase = "open";
  state.values = {};
  state.batches = [];
  delete state.held;
  delete state.content.sid;
}

/** Begins the session that takes another one's place in its request. */
export function beginAfter(before: State): State {
  // An end that is on its way goes on with the visit that it has.
  const visit: Visit = { ...before.visit, phase: "open" };
  visit.isGone =
    visit.refused =
    visit.guest =
    visit.key =
    visit.isOver =
    visit.opened =
      undefined;
  return { ...begin(visit, hasCookie(before)), isTouched: true, before };
}

/** The times of a session that begins now. */
export function timesFrom({ settings }: Visit): Content {
  const now = settings.now();
  return { created: now, sealed: now, expires: Infinity };
}
