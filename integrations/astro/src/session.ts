import { getSecret } from "astro:env/server";
import { createSessions } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export interface Data {
  visits: number;
}

export const sessions = createSessions<Data>(() => ({
  secret: getSecret("SESSION_SECRET"),
  store: new MemoryStore(),
}));
