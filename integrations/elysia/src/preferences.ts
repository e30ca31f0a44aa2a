import { type Cookie, Elysia, t } from "elysia";
import { createSessions, type SetCookieAttributes } from "with-session";
import { html } from "./html.ts";

const sessions = createSessions<{ theme: string }>({
  secret: process.env.SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
});

type Jar = Record<string, Cookie<unknown>>;

function open(cookie: Jar, request: Request) {
  const read = (name: string) => cookie[name]?.value;
  const write = (name: string, value: string, given: SetCookieAttributes) =>
    cookie[name]?.set({ ...given, value });
  return sessions.open({ read, write }, request);
}

export const preferences = new Elysia()
  .get("/preferences", async ({ cookie, request, set }) => {
    const session = await open(cookie, request);
    const theme = session.get("theme") ?? "light";
    const { headers } = await sessions.commit(session);
    // The page depends on the cookie: caches have to know.
    Object.assign(set.headers, Object.fromEntries(headers));
    return html`
      <form id="preferences" method="post" action="/preferences">
        <p>Theme ${theme}</p>
        <input name="theme" aria-label="Theme">
        <button>Choose</button>
      </form>
    `;
  })
  .post("/preferences", async ({ cookie, request, body, redirect }) => {
    const session = await open(cookie, request);
    session.set("theme", body.theme);
    await sessions.commit(session);
    return redirect("/preferences", 303);
  }, { body: t.Object({ theme: t.String() }) });
