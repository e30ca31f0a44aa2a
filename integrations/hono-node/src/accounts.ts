import { Hono } from "hono";
import { html } from "hono/html";
import { type Env, revokeAll } from "./session.ts";

export const accounts = new Hono<Env>();

accounts.get("/", (c) => {
  const { session } = c.var;
  const visits = session.update("visits", (n = 0) => n + 1);
  const user = session.userId;
  const notices = session.flashes<string>("notice");
  return c.html(html`
    <p>Visit ${visits}, ${user ? `signed in as ${user}` : "not signed in"}</p>
    ${notices.map((notice) => html`<p role="status">${notice}</p>`)}
    <form id="sign-in" method="post" action="/sign-in">
      <input name="name" aria-label="Name">
      <button>Sign in</button>
    </form>
    <form id="sign-out" method="post" action="/sign-out">
      <button>Sign out</button>
    </form>
    <form id="everywhere" method="post" action="/everywhere">
      <button>Sign out everywhere</button>
    </form>
  `);
});

accounts.post("/sign-in", async (c) => {
  const name = String((await c.req.formData()).get("name"));
  // … check the password …
  c.var.session.login(name);
  c.var.session.flash("notice", `Welcome, ${name}`);
  return c.redirect("/", 303);
});

accounts.post("/sign-out", (c) => {
  c.var.session.reset();
  c.var.session.flash("notice", "You have signed out");
  return c.redirect("/", 303);
});

accounts.post("/everywhere", async (c) => {
  const { session } = c.var;
  if (session.userId) await revokeAll(session.userId);
  session.destroy();
  return c.redirect("/", 303);
});

accounts.get("/account", (c) => {
  const { userId } = c.var.session;
  if (!userId) return c.redirect("/", 303);
  return c.html(html`<p>Account of ${userId}</p>`);
});

accounts.get("/api/me", (c) => c.json({ user: c.var.session.userId ?? null }));
