import { isNotFound } from "@tanstack/react-router";
import { createMiddleware } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { createSessions } from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export const sessions = createSessions<{ visits: number }>(() => ({
  secret: process.env.SESSION_SECRET,
  store: new MemoryStore(),
}));

export const sessionMiddleware = createMiddleware().server(
  async ({ request, next }) => {
    const session = await sessions.open(request);
    try {
      const result = await next({ context: { session } });
      // Start has made a response of an error.
      if (result.response.status >= 500) await sessions.discard(session);
      const response = await sessions.commit(session, result.response);
      return { ...result, response };
    } catch (error) {
      await sessions.discard(session);
      throw error;
    }
  },
);

/** Start answers the browser's call of a function that throws with 200. */
export const failureMiddleware = createMiddleware({ type: "function" })
  .middleware([sessionMiddleware])
  .server(async ({ context, next, serverFnMeta }) => {
    try {
      return await next();
    } catch (error) {
      const isAnswer = error instanceof Response || isNotFound(error);
      // Whoever calls the function on the server may have caught its error.
      const isCall = getRequest().url.includes(serverFnMeta.id);
      if (isCall && !isAnswer) await sessions.discard(context.session);
      throw error;
    }
  });
