import { cookies, headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import { connection, NextResponse } from "next/server";
import { createSessions } from "with-session";
import { nextSessions } from "with-session/next";
import { MemoryStore } from "with-session/stores/memory";

// Next loads this module more than once: for the proxy, and for the rest.
const shared = globalThis as { store?: MemoryStore };

export const sessions = createSessions<{ visits: number }>(() => ({
  secret: process.env.SESSION_SECRET,
  store: shared.store ??= new MemoryStore(),
  cookie: { secure: process.env.NODE_ENV === "production" || "auto" },
  csrf: true,
}));

export const { read, change, route, proxy } = nextSessions(sessions, {
  cookies,
  headers,
  connection,
  rethrow: unstable_rethrow,
  next: NextResponse.next,
});
