import { createSessions, type Session } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export interface Data {
  visits: number;
}

/** What procedures get as `ctx`. */
export interface Context {
  session: Session<Data>;
}

export const sessions = createSessions<Data>({
  secret: process.env.SESSION_SECRET,
  store: new MemoryStore(),
  csrf: true,
});
