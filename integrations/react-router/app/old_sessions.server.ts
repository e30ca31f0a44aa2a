import {
  createCookieSessionStorage,
  type MiddlewareFunction,
} from "react-router";
import { sessionContext } from "./session.server";

/** What the program had before: React Router's own sessions. */
export const oldSessions = createCookieSessionStorage<{ userId: string }>({
  cookie: { name: "__session", secrets: [process.env.SESSION_SECRET!] },
});

/** Signs in whoever still has an old cookie, and removes that. */
export const carryOver: MiddlewareFunction<Response> = async (
  { request, context },
  next,
) => {
  const cookies = request.headers.get("cookie");
  const old = await oldSessions.getSession(cookies);
  const userId = old.get("userId");
  if (!userId) return await next();
  const session = context.get(sessionContext);
  if (!session.userId) session.login(userId);
  const response = await next();
  // What fails keeps nothing: the old cookie is for the next request.
  if (response.status >= 500) return response;
  const headers = new Headers(response.headers);
  headers.append("set-cookie", await oldSessions.destroySession(old));
  return new Response(response.body, { status: response.status, headers });
};
