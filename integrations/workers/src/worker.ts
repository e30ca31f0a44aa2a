import { withSession } from "with-session";
import { accounts } from "./accounts.ts";
import { preferences } from "./preferences.ts";
import { type Data, optionsFor } from "./session.ts";

// The class that wrangler.jsonc binds.
export { SessionObject } from "with-session/stores/durable-object";

const site = withSession<Data, [Env]>((request, session, env) => {
  const { pathname } = new URL(request.url);
  const route = accounts[`${request.method} ${pathname}`];
  if (!route) return new Response("Not found\n", { status: 404 });
  return route(request, session, env);
}, optionsFor);

export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    return pathname === "/preferences"
      ? preferences(request, env)
      : site(request, env);
  },
} satisfies ExportedHandler<Env>;
