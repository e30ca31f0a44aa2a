// A visit counter with sign-in, its sessions in Deno KV: deno task start

import { withSession } from "with-session";
import { DenoKvStore } from "with-session/stores/deno-kv";

interface Data {
  visits: number;
}

// A file; without a path, Deno's own place for this program, or the database
// that Deno Deploy has for it.
const kv = await Deno.openKv(Deno.env.get("KV_PATH"));

Deno.serve(withSession<Data>(async (request, session) => {
  const { pathname } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /": {
      const visits = session.update("visits", (n = 0) => n + 1);
      const { userId } = session;
      const state = userId ? `signed in as ${userId}` : "not signed in";
      return new Response(`Visit ${visits}, ${state}\n`);
    }
    case "POST /sign-in": {
      const form = await request.formData().catch(() => null);
      const name = form?.get("name");
      if (!name) return new Response("Expected a name\n", { status: 400 });
      // The place to check a password. The session gets a new cookie here.
      session.login(String(name));
      return goHome();
    }
    case "POST /sign-out":
      session.destroy();
      return goHome();
  }
  return new Response("Not found\n", { status: 404 });
}, {
  secret: Deno.env.get("SESSION_SECRET"),
  store: new DenoKvStore(kv),
  csrf: true,
}));

function goHome(): Response {
  return new Response(null, { status: 303, headers: { location: "/" } });
}
