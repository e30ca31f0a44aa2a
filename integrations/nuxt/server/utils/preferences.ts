import type { H3Event } from "h3";
import { createSessions } from "with-session";

export const preferences = createSessions<{ theme: string }>(() => ({
  secret: process.env.SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
}));

export function openPreferences(event: H3Event) {
  const read = (name: string) => getCookie(event, name);
  const write = setCookie.bind(null, event);
  return preferences.open({ read, write }, event);
}
