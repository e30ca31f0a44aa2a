// A visit counter with sign-in, its sessions in Workers KV: npx wrangler dev

import { withSession } from "with-session";
import {
  CloudflareKvStore,
  type KvNamespaceLike,
} from "with-session/stores/cloudflare-kv";
// import { DurableObjectStore, type SessionNamespace } from "with-session/stores/durable-object";
// export { SessionObject } from "with-session/stores/durable-object";

interface Env {
  SESSION_SECRET: string;
  SESSIONS: KvNamespaceLike;
  // ENDED: SessionNamespace;
}

const worker: { fetch(request: Request, env: Env): Promise<Response> } = {
  fetch: withSession<{ visits: number }, [Env]>(async (request, session) => {
    switch (`${request.method} ${new URL(request.url).pathname}`) {
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
  }, (env) => ({
    secret: env.SESSION_SECRET,
    store: new CloudflareKvStore(env.SESSIONS),
    // Without it, a copied cookie outlives signing out for some minutes.
    // revocations: new DurableObjectStore(env.ENDED),
    csrf: true,
  })),
};

export default worker;

function goHome(): Response {
  return new Response(null, { status: 303, headers: { location: "/" } });
}
