import {
  getCookie,
  type H3,
  type H3Event,
  html,
  redirect,
  setCookie,
} from "h3";
import { createSessions } from "with-session";

const preferences = createSessions<{ theme: string }>({
  secret: process.env.SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
});

function openPreferences(event: H3Event) {
  const read = (name: string) => getCookie(event, name);
  const write = setCookie.bind(null, event);
  return preferences.open({ read, write }, event.req);
}

export function addPreferences(app: H3): void {
  app.get("/preferences", async (event) => {
    const session = await openPreferences(event);
    const theme = session.get("theme") ?? "light";
    const { headers } = await preferences.commit(session);
    // The page depends on the cookie: caches have to know.
    for (const [name, value] of headers) event.res.headers.append(name, value);
    return html`
      <form id="preferences" method="post" action="/preferences">
        <p>Theme ${theme}</p>
        <input name="theme" aria-label="Theme">
        <button>Choose</button>
      </form>
    `;
  });

  app.post("/preferences", async (event) => {
    const session = await openPreferences(event);
    session.set("theme", String((await event.req.formData()).get("theme")));
    await preferences.commit(session);
    return redirect("/preferences", 303);
  });
}
