import { SESSION_SECRET } from "$app/env/private";
import { createSessions } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export interface Data {
  visits: number;
}

export const sessions = createSessions<Data>(() => ({
  secret: SESSION_SECRET,
  store: new MemoryStore(),
}));
