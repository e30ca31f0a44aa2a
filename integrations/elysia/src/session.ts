import { Elysia } from "elysia";
import { createSessions, type Session } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export interface Data {
  visits: number;
}

export const sessions = createSessions<Data>({
  secret: process.env.SESSION_SECRET,
  store: new MemoryStore(),
  csrf: true,
});

const opened = new WeakMap<Request, Session<Data>>();

async function keep(
  handle: (request: Request) => Response | Promise<Response>,
  request: Request,
): Promise<Response> {
  try {
    const session = await sessions.open(request);
    opened.set(request, session);
    const response = await handle(request);
    // Elysia has made a response of an error.
    if (response.status >= 500) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    // 403 for another site; otherwise the session could not be kept.
    const { status = 500 } = error as { status?: number };
    if (status >= 500) console.error(error);
    return new Response("The request has failed\n", { status });
  }
}

export const session = new Elysia({ name: "session" })
  .wrap((handle) => (request: Request) => keep(handle as never, request))
  .derive({ as: "global" }, ({ request }) => ({
    session: opened.get(request) as Session<Data>,
  }));
