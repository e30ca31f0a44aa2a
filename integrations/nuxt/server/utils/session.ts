import type { Session } from "with-session";
import { nuxtSessions } from "with-session/nuxt";
import { MemoryStore } from "with-session/stores/memory";

interface Data {
  visits: number;
}

declare module "h3" {
  interface H3EventContext {
    session: Session<Data>;
  }
}

export const { sessions, openSession, sessionPlugin } = nuxtSessions<Data>(
  () => ({
    secret: process.env.SESSION_SECRET,
    store: new MemoryStore(),
    csrf: true,
  }),
  { createError, sendError, getRouteRules },
);
