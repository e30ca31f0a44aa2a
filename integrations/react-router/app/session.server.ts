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

export const sessionMiddleware: MiddlewareFunction<Response> = (
  { request, context },
  next,
) =>
  sessions.handle(request, (session) => {
    context.set(sessionContext, session);
    return next();
  });
