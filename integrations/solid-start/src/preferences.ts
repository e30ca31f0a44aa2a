"use server";

import { redirect } from "@solidjs/router";
import {
  appendResponseHeader,
  getCookie,
  getWebRequest,
  setCookie,
} from "@solidjs/start/http";
import { createSessions } from "with-session";

// A second session, in a cookie of its own, without a middleware.
const preferences = createSessions<{ theme: string }>(() => ({
  secret: process.env.SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
}));

function openPreferences() {
  const jar = { read: getCookie, write: setCookie };
  return preferences.open(jar, getWebRequest());
}

export async function readTheme() {
  const session = await openPreferences();
  const theme = session.get("theme") ?? "light";
  const { headers } = await preferences.commit(session);
  // The page depends on the cookie: caches have to know.
  for (const [name, value] of headers) appendResponseHeader(name, value);
  return theme;
}

export async function chooseTheme(form: FormData) {
  const session = await openPreferences();
  session.set("theme", String(form.get("theme")));
  await preferences.commit(session);
  throw redirect("/preferences", 303);
}
