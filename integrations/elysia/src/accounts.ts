import { Elysia, t } from "elysia";
import { html } from "./html.ts";
import { session, sessions } from "./session.ts";

export const accounts = new Elysia()
  .use(session)
  .get("/", ({ session }) => {
    const visits = session.update("visits", (n = 0) => n + 1);
    const user = session.userId;
    return html`
      <p>Visit ${visits}, ${user ? `signed in as ${user}` : "not signed in"}</p>
      <p role="status">${session.flashes<string>("notice").join(" ")}</p>
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
    `;
  })
  .post("/sign-in", ({ session, body: { name }, redirect }) => {
    // … check the password …
    session.login(name);
    session.flash("notice", `Welcome, ${name}`);
    return redirect("/", 303);
  }, { body: t.Object({ name: t.String() }) })
  .post("/sign-out", ({ session, redirect }) => {
    session.reset();
    session.flash("notice", "You have signed out");
    return redirect("/", 303);
  })
  .post("/everywhere", async ({ session, redirect }) => {
    if (session.userId) await sessions.revokeAll(session.userId);
    session.destroy();
    return redirect("/", 303);
  })
  .get("/account", ({ session, redirect }) => {
    if (!session.userId) return redirect("/", 303);
    return html`<p>Account of ${session.userId}</p>`;
  })
  .get("/api/me", ({ session }) => ({ user: session.userId ?? null }));
