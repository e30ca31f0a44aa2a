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

export const sessionMiddleware: Middleware = async (event, next) => {
  const session = await sessions.open(event.req).catch((error) => {
    if (error.code !== "forbidden") throw error;
  });
  if (!session || isLinkToFunction(event.req)) {
    return new Response("Forbidden", { status: 403 });
  }

  const { locals } = getRequestEvent()!;
  locals.session = session;
  try {
    const response = await toResponse(await next(), event);
    const hasFailed = locals.hasFailed || response.status >= 500;
    if (hasFailed) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    await sessions.discard(session);
    throw error;
  }
};

/** Start runs server functions for links as well, also for another site's. */
function isLinkToFunction({ url, method, headers }: Request): boolean {
  const isCall = new URL(url).pathname.startsWith("/_server");
  return isCall && method !== "POST" && !headers.has("x-server-id");
}
