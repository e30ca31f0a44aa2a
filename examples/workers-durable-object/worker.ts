// A visit counter, and your sessions, for you to end them: npx wrangler dev

import { createSessions, withSession } from "with-session";
import {
  DurableObjectStore,
  type SessionNamespace,
} from "with-session/stores/durable-object";

// The class that wrangler.jsonc binds.
export { SessionObject } from "with-session/stores/durable-object";

interface Env {
  SESSION_SECRET: string;
  SESSIONS: SessionNamespace;
}

type Data = { visits: number };

const optionsFor = (env: Env) => ({
  secret: env.SESSION_SECRET,
  store: new DurableObjectStore(env.SESSIONS),
  csrf: true,
});

const worker: { fetch(request: Request, env: Env): Promise<Response> } = {
  fetch: withSession<Data, [Env]>(async (request, session, env) => {
    const { userId } = session;
    const form = await request.formData().catch(() => null);
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case "GET /": {
        const visits = session.update("visits", (n = 0) => n + 1);
        const state = userId ? `signed in as ${userId}` : "not signed in";
        return new Response(`Visit ${visits}, ${state}\n`);
      }
      case "POST /sign-in": {
        const name = form?.get("name");
        if (!name) return new Response("Expected a name\n", { status: 400 });
        const label = request.headers.get("user-agent")?.slice(0, 80);
        // The place to check a password. The session gets a new cookie here.
        session.login(String(name), { label });
        break;
      }
      case "POST /sign-out":
        session.destroy();
        break;
      case "GET /sessions": {
        if (!userId) break;
        const list = await createSessions(optionsFor(env)).list(userId);
        return Response.json({ current: session.id, list });
      }
      case "POST /sessions/revoke": {
        const id = String(form?.get("id"));
        // It takes the user as well: nobody ends a session of somebody else.
        if (userId) await createSessions(optionsFor(env)).revoke(userId, id);
        break;
      }
      default:
        return new Response("Not found\n", { status: 404 });
    }
    return new Response(null, { status: 303, headers: { location: "/" } });
  }, optionsFor),
};

export default worker;
