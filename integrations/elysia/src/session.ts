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
    return await sessions.handle(request, (session) => {
      opened.set(request, session);
      return handle(request);
    });
  } catch (error) {
    console.error(error);
    return new Response("The request has failed\n", { status: 500 });
  }
}

export const session = new Elysia({ name: "session" })
  .wrap((handle) => (request: Request) => keep(handle as never, request))
  .derive({ as: "global" }, ({ request }) => ({
    session: opened.get(request) as Session<Data>,
  }));
