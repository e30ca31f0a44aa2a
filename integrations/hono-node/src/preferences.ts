import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import { type CookieFunctions, createSessions } from "with-session";

const sessions = createSessions<{ theme: string }>({
  secret: process.env.SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
});

function open(c: Context) {
  const jar: CookieFunctions = {
    read: (name) => getCookie(c, name),
    write: (name, value, attributes) => setCookie(c, name, value, attributes),
  };
  return sessions.open(jar, c.req);
}

export const preferences = new Hono();

preferences.get("/preferences", async (c) => {
  const session = await open(c);
  const theme = session.get("theme") ?? "light";
  const { headers } = await sessions.commit(session);
  // The page depends on the cookie: caches have to know.
  for (const [name, value] of headers) c.header(name, value, { append: true });
  return c.html(html`
    <form id="preferences" method="post" action="/preferences">
      <p>Theme ${theme}</p>
      <input name="theme" aria-label="Theme">
      <button>Choose</button>
    </form>
  `);
});

preferences.post("/preferences", async (c) => {
  const session = await open(c);
  session.set("theme", String((await c.req.formData()).get("theme")));
  await sessions.commit(session);
  return c.redirect("/preferences", 303);
});
