import "server-only";
import { type Middleware, toResponse } from "h3";
import { getRequestEvent } from "solid-js/web";
import { createSessions, type Session } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

interface Data {
  visits: number;
}

export const sessions = createSessions<Data>(() => ({
  secret: process.env.SESSION_SECRET,
  store: new MemoryStore(),
  csrf: true,
}));

/** The session of the request that is being answered. */
export function getSession(): Session<Data> {
  return getRequestEvent()!.locals.session;
}

export const sessionMiddleware: Middleware = (event, next) => {
  if (isLinkToFunction(event.req)) {
    return new Response("Forbidden", { status: 403 });
  }
  return sessions.handle(event.req, async (session) => {
    const { locals } = getRequestEvent()!;
    locals.session = session;
    const response = await toResponse(await next(), event);
    if (locals.hasFailed) await sessions.discard(session);
    return response;
  });
};

/** Start runs server functions for links as well, also for another site's. */
function isLinkToFunction({ url, method, headers }: Request): boolean {
  const isCall = new URL(url).pathname.startsWith("/_server");
  return isCall && method !== "POST" && !headers.has("x-server-id");
}
