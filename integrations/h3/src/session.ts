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

export const sessionMiddleware = defineMiddleware(async (event, next) => {
  const session = await sessions.open(event.req);
  event.context.session = session;
  try {
    const response = await toResponse(await next(), event);
    if (response.status >= 500) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    await sessions.discard(session);
    throw error;
  }
});
