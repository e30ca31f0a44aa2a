import { createSessions } from "with-session";
import { goTo, html } from "./html.ts";
import { optionsFor, type Routes } from "./session.ts";

export const accounts: Routes = {
  "GET /": (_request, session) => {
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
  },

  "POST /sign-in": async (request, session) => {
    const name = String((await request.formData()).get("name"));
    // … check the password …
    session.login(name);
    session.flash("notice", `Welcome, ${name}`);
    return goTo("/");
  },

  "POST /sign-out": (_request, session) => {
    session.reset();
    session.flash("notice", "You have signed out");
    return goTo("/");
  },

  "POST /everywhere": async (_request, session, env) => {
    const { revokeAll } = createSessions(optionsFor(env));
    if (session.userId) await revokeAll(session.userId);
    session.destroy();
    return goTo("/");
  },

  "GET /account": (_request, session) => {
    if (!session.userId) return goTo("/");
    return html`<p>Account of ${session.userId}</p>`;
  },

  "GET /api/me": (_request, session) =>
    Response.json({ user: session.userId ?? null }),
};
