import { createCookie } from "@remix-run/cookie";
import { createRouter } from "@remix-run/fetch-router";
import { Session, type SessionStorage } from "@remix-run/session";
import { session } from "@remix-run/session-middleware";
import {
  answer,
  COOKIE,
  type Handler,
  type Handlers,
  next,
  type Setup,
} from "../subject.ts";

/** Handlers with one of its storages. */
export function handlersWith(
  storage: SessionStorage,
  { secrets, data }: Setup,
): Handlers {
  const cookie = createCookie(COOKIE, {
    secrets: [...secrets],
    path: "/",
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
    maxAge: 86_400,
  });
  function route(handle: (session: Session) => Response): Handler {
    const router = createRouter({ middleware: [session(cookie, storage)] });
    router.get("/", (context) => handle(context.get(Session)));
    return (request) => router.fetch(request);
  }
  return {
    untouched: route(() => new Response("ok")),
    read: route((session) => answer(session.get("count"))),
    write: route((session) => {
      const count = next(session.get("count"));
      session.set("count", count);
      return answer(count);
    }),
    start: route((session) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value);
      return answer(data.count);
    }),
  };
}
