import { defineMiddleware } from "astro:middleware";
import { sessions } from "./session";

export const onRequest = defineMiddleware((context, next) => {
  // Pages that the build makes have no session.
  if (context.isPrerendered) return next();
  const { locals } = context;
  // A rewrite makes another request of it, and comes here again.
  locals.request ??= context.request;
  return sessions.handle(locals.request, (session) => {
    locals.session = session;
    return next();
  });
});
