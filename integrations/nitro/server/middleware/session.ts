import { defineMiddleware, HTTPError, toResponse } from "nitro/h3";
import { sessions } from "../utils/session.ts";

export default defineMiddleware(async (event, next) => {
  const session = await sessions.open(event.req).catch((cause) => {
    // Nitro makes a 500 of all errors but these: 403 for another site.
    const { status } = cause;
    throw status ? new HTTPError({ status, cause }) : cause;
  });
  event.context.session = session;
  try {
    const response = await toResponse(await next(), event);
    if (response.status >= 500) await sessions.discard(session);
    return await sessions.commit(session, response);
  } catch (error) {
    await sessions.discard(session);
    throw error;
  }
});
