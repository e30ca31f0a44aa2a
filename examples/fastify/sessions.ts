// Sessions in Fastify 5: see docs/frameworks/fastify.md.

import type { FastifyInstance } from "fastify";
import type { Session, Sessions } from "with-session";

/** What your sessions hold. */
export interface Data {
  visits: number;
}

declare module "fastify" {
  interface FastifyRequest {
    session: Session<Data>;
  }
}

/** Gives each request a session. Call it before routes are added. */
export function addSessions(
  app: FastifyInstance,
  sessions: Sessions<Data>,
): void {
  const kept = new WeakSet<object>();
  app.decorateRequest("session", null as never);
  app.addHook("onRequest", async (request) => {
    request.session = await sessions.open(request);
  });
  // Runs before error handlers: what has failed is not kept.
  app.addHook("onError", async ({ session }) => {
    if (session) await sessions.discard(session);
  });
  app.addHook("onSend", async ({ session }, reply, payload) => {
    // Another site's request has none; a stream that breaks comes here again.
    if (!session || kept.has(session)) return payload;
    const { statusCode: status } = reply;
    const before = new Headers();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      for (const each of [value ?? []].flat()) before.append(name, `${each}`);
    }
    const given = new Response(null, { status, headers: before });
    const { headers } = await sessions.commit(session, given);
    kept.add(session);
    for (const name of before.keys()) reply.removeHeader(name);
    for (const [name, value] of headers) reply.header(name, value);
    return payload;
  });
}
