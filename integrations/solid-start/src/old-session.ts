import "server-only";
import { getCookie, useSession } from "@solidjs/start/http";
import type { Middleware } from "h3";
import { getRequestEvent } from "solid-js/web";
import { getSession } from "./session";

/** What the program had before: a session of Start. */
export const useOldSession = () =>
  useSession<{ userId?: string }>({ password: process.env.SESSION_SECRET! });

/** Signs in whoever still has an old cookie, and removes that. */
export const carryOver: Middleware = async (event, next) => {
  if (!getCookie("h3")) return await next();
  const old = await useOldSession();
  const session = getSession();
  if (old.data.userId && !session.userId) session.login(old.data.userId);
  const result = await next();
  // What fails keeps nothing: the old cookie is for the next request.
  const hasFailed = getRequestEvent()!.locals.hasFailed ||
    Number(event.res.status) >= 500;
  if (!hasFailed) await old.clear();
  return result;
};
