import { createSessions, type SessionOptions } from "with-session";
import type { SessionEnv } from "with-session/hono";
import { MemoryStore } from "with-session/stores/memory";

export interface Data {
  visits: number;
}

export type Env = SessionEnv<Data>;

export const options: SessionOptions<Data> = {
  secret: process.env.SESSION_SECRET,
  store: new MemoryStore(),
  csrf: true,
};

/** For what no request is at hand, and to end all sessions of a user. */
export const { revokeAll } = createSessions<Data>(options);
