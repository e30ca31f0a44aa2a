import { type H3, html, redirect } from "h3";
import { sessions } from "./session.ts";

export function addAccounts(app: H3): void {
  app.get("/", ({ context: { session } }) => {
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
  });

  app.post("/sign-in", async ({ req, context: { session } }) => {
    const name = String((await req.formData()).get("name"));
    // … check the password …
    session.login(name);
    session.flash("notice", `Welcome, ${name}`);
    return redirect("/", 303);
  });

  app.post("/sign-out", ({ context: { session } }) => {
    session.reset();
    session.flash("notice", "You have signed out");
    return redirect("/", 303);
  });

  app.post("/everywhere", async ({ context: { session } }) => {
    if (session.userId) await sessions.revokeAll(session.userId);
    session.destroy();
    return redirect("/", 303);
  });

  app.get("/account", ({ context: { session } }) => {
    if (!session.userId) return redirect("/", 303);
    return html`<p>Account of ${session.userId}</p>`;
  });

  app.get("/api/me", ({ context: { session } }) => ({
    user: session.userId ?? null,
  }));
}
