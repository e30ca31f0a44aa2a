import { defineMiddleware, toResponse } from "nitro/h3";
import { sessions } from "../utils/session.ts";

export default defineMiddleware((event, next) =>
  sessions.handle(event.req, async (session) => {
    event.context.session = session;
    return await toResponse(await next(), event);
  })
);
