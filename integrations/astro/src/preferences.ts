import type { APIContext } from "astro";
import { getSecret } from "astro:env/server";
import { createSessions } from "with-session";

// A second session, in a cookie of its own, without a middleware.
const preferences = createSessions<{ theme: string }>(() => ({
  secret: getSecret("SESSION_SECRET"),
  cookie: { name: "__Host-preferences" },
}));

function openPreferences({ cookies, request }: APIContext) {
  return preferences.open(cookies, request);
}

export async function readTheme(context: APIContext, headers: Headers) {
  const session = await openPreferences(context);
  const theme = session.get("theme") ?? "light";
  const committed = await preferences.commit(session);
  // The page depends on the cookie: caches have to know.
  for (const [name, value] of committed.headers) headers.append(name, value);
  return theme;
}

export async function chooseTheme(context: APIContext) {
  const form = await context.request.formData();
  const session = await openPreferences(context);
  session.set("theme", String(form.get("theme")));
  await preferences.commit(session);
}
