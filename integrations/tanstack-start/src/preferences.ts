import { redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import {
  appendResponseHeader,
  getCookie,
  getRequest,
  setCookie,
} from "@tanstack/react-start/server";
import { createSessions } from "with-session";

// A second session, in a cookie of its own, without a middleware.
const preferences = createSessions<{ theme: string }>(() => ({
  secret: process.env.SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
}));

function openPreferences() {
  const jar = { read: getCookie, write: setCookie };
  return preferences.open(jar, getRequest());
}

export const readTheme = createServerFn().handler(async () => {
  const session = await openPreferences();
  const theme = session.get("theme") ?? "light";
  const { headers } = await preferences.commit(session);
  // The page depends on the cookie: caches have to know.
  for (const [name, value] of headers) appendResponseHeader(name, value);
  return theme;
});

export const chooseTheme = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("theme")))
  .handler(async ({ data }) => {
    const session = await openPreferences();
    session.set("theme", data);
    await preferences.commit(session);
    throw redirect({ to: "/preferences", statusCode: 303 });
  });
