import { createContext, type MiddlewareFunction } from "react-router";
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

export const sessionContext = createContext<Session<Data>>();

export const sessionMiddleware: MiddlewareFunction<Response> = async (
  { request, context },
  next,
) => {
  const session = await sessions.open(request).catch((error) => {
    if (error.code !== "forbidden") throw error;
  });
  if (!session) return new Response("Forbidden", { status: 403 });

  context.set(sessionContext, session);
  try {
    const response = await next();
    // React Router has made a response of an error.
    if (response.status >= 500) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    await sessions.discard(session);
    throw error;
  }
};
