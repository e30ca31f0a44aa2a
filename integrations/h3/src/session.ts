import { defineMiddleware, toResponse } from "h3";
import { createSessions, type Session } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export interface Data {
  visits: number;
}

declare module "h3" {
  interface H3EventContext {
    session: Session<Data>;
  }
}

export const sessions = createSessions<Data>({
  secret: process.env.SESSION_SECRET,
  store: new MemoryStore(),
  csrf: true,
});

export const sessionMiddleware = defineMiddleware((event, next) =>
  sessions.handle(event.req, async (session) => {
    event.context.session = session;
    return await toResponse(await next(), event);
  })
);
