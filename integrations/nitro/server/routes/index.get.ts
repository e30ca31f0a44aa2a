import { defineHandler, html } from "nitro/h3";

export default defineHandler(({ context: { session } }) => {
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
