import { defineHandler, html, redirect } from "nitro/h3";

export default defineHandler(({ context: { session } }) => {
  if (!session.userId) return redirect("/", 303);
  return html`<p>Account of ${session.userId}</p>`;
});
