import { accept, reject, welcome } from "./admitting.ts";
import { readCookie } from "./cookie.ts";
import { readValues } from "./data.ts";
import { askingOf, isAskedFor } from "./asking.ts";
import { uncleared } from "./overtaken.ts";
import { placingOf } from "./placing.ts";
import { open, type Refused, type Unsealed } from "./seal.ts";
import { nameOf } from "./sealing.ts";
import { begin, type State, tell } from "./state.ts";
import { noteNavigation, type Visit } from "./visit.ts";

/**
 * The session of a visit; at once where there is nothing to wait for. Whatever
 * the request holds, it gets a session.
 */
export function openVisit(visit: Visit): State | Promise<State> {
  const { form, headers } = visit;
  return headers && (form.isLocal || form.options.path)
    ? placingOf().then(({ place }) => readVisit(place(visit)))
    : readVisit(visit);
}

function readVisit(visit: Visit): State | Promise<State> {
  const { form, headers } = visit;
  const header = headers?.get("cookie") ?? "";
  const token = readCookie(header, form);
  if (!token && token !== null) return begin(visit);
  const state = token
    ? unseal(visit, token)
    : import("./asked/several.ts").then(({ choose }) => choose(visit, header));
  return state instanceof Promise
    ? state.then((state) => state ?? beginRefused(visit))
    : state ?? beginRefused(visit);
}

function beginRefused(visit: Visit): State {
  if (visit.isGone) visit.phase = "gone";
  noteNavigation(visit);
  return begin(visit, true);
}

/** The session of a token; `null` and an event if it is not good. */
export function unseal(
  visit: Visit,
  token: string,
): State | null | Promise<State | null> {
  const now = visit.settings.now();
  const content = open(visit.form.ring, token, now);
  return content instanceof Promise
    ? content.then((content) => admit(visit, content, now))
    : admit(visit, content, now);
}

/** The session of what a token holds, unless it is over. */
export function admit(
  visit: Visit,
  content: Unsealed | Refused,
  now: number,
): State | null | Promise<State | null> {
  const { settings } = visit;
  visit.opened = now;
  if ("fault" in content) {
    visit.fault = content.fault;
    reject(visit, content.fault, content.keyId);
    return null;
  }
  const state = begin(visit, false, { ...content });
  if (uncleared.size && uncleared.has(nameOf(state))) {
    tell(state, "gone");
    return null;
  }
  if (isAskedFor(settings)) return ask(state, content, now);
  const values = content.values ??= readValues(settings.codec, content.text);
  if (!accept(state, values && { ...values }, "not-json", now)) return null;
  welcome(state, now);
  return state;
}

/** The same where there is somebody to ask. */
async function ask(
  state: State,
  content: Unsealed,
  now: number,
): Promise<State | null> {
  const asking = await askingOf(state.visit.settings);
  return await asking?.admit(state, content, now) ? state : null;
}
