import { building } from "$app/env";
import { isRedirect, redirect } from "@sveltejs/kit";
import {
  type Handle,
  type HandleFetch,
  type HandleServerError,
  sequence,
} from "@sveltejs/kit/hooks";
import { sessions } from "./session.server";

/** Requests that the program makes to itself, by the `fetch` of an event. */
const inner = new WeakMap<Request, App.Locals["session"]>();

const handleSession: Handle = async ({ event, resolve }) => {
  // Pages that the build makes have no session.
  if (building) return await resolve(event);
  const outer = inner.get(event.request);
  const session = outer ?? await sessions.open(event.request);
  event.locals.session = session;
  if (outer) return await resolve(event);
  try {
    const response = await resolve(event);
    const hasFailed = event.locals.hasFailed || response.status >= 500;
    if (hasFailed) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    // A hook after this one has thrown.
    if (isRedirect(error)) await sessions.commit(session, event.cookies);
    else await sessions.discard(session);
    throw error;
  }
};

export const handleFetch: HandleFetch = ({ event, request, fetch }) => {
  inner.set(request, event.locals.session);
  return fetch(request);
};

/** Kit answers the browser's call of a load function that throws with 200. */
export const handleError: HandleServerError = ({ kind, error, event }) => {
  if (kind === "unknown") console.error(error);
  if (kind === "unknown" || error.status >= 500) event.locals.hasFailed = true;
};

const guard: Handle = async ({ event, resolve }) => {
  const { locals, url } = event;
  if (url.pathname.startsWith("/members") && !locals.session.userId) {
    locals.session.flash("notice", "Sign in first");
    redirect(303, "/");
  }
  return await resolve(event);
};

export const handle = sequence(handleSession, guard);
