import { defineMiddleware } from "astro:middleware";
import { sessions } from "./session";

export const onRequest = defineMiddleware(async (context, next) => {
  // Pages that the build makes have no session.
  if (context.isPrerendered) return await next();
  const { locals } = context;
  // A rewrite makes another request of it, and comes here again.
  locals.request ??= context.request;
  const session = await sessions.open(locals.request);
  locals.session = session;
  try {
    const response = await next();
    if (response.status >= 500) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    await sessions.discard(session);
    throw error;
  }
});
