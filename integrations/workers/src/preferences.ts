import { withSession } from "with-session";
import { CloudflareKvStore } from "with-session/stores/cloudflare-kv";
import { goTo, html } from "./html.ts";

// A second session, which outlives the first one, in a cookie of its own.
export const preferences = withSession<{ theme: string }, [Env]>(
  async (request, session) => {
    if (request.method === "POST") {
      session.set("theme", String((await request.formData()).get("theme")));
      return goTo("/preferences");
    }
    return html`
      <form id="preferences" method="post" action="/preferences">
        <p>Theme ${session.get("theme") ?? "light"}</p>
        <input name="theme" aria-label="Theme">
        <button>Choose</button>
      </form>
    `;
  },
  (env) => ({
    secret: env.SESSION_SECRET,
    store: new CloudflareKvStore(env.PREFERENCES),
    cookie: { name: "__Host-preferences" },
    idleTimeout: 30 * 86_400,
    csrf: true,
  }),
);
