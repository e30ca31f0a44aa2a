// Servers with iron-session, and servers that have moved from it.

import { getIronSession } from "iron-session";
import { withSession } from "../../mod.ts";
import { ironSession } from "../../readers/iron-session.ts";
import { type MoreOptions, setUp } from "../shared/support.ts";
import { PASSWORD } from "./_iron_sessions.ts";

interface Theirs {
  user?: string;
  cart?: number[];
}

/** Answers with who is logged in. */
export type Server = (request: Request) => Promise<Response>;

/** A server with iron-session, which seals anew with each change. */
export async function old(request: Request): Promise<Response> {
  const response = new Response();
  const session = await getIronSession<Theirs>(request, response, {
    password: PASSWORD,
    cookieName: "before",
  });
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/login") session.user = searchParams.get("user") ?? "";
  if (pathname === "/add") session.cart = [...session.cart ?? [], 1];
  if (pathname === "/logout") session.destroy();
  else if (pathname !== "/") await session.save();
  return new Response(session.user ?? "nobody", response);
}

/** A server that has moved. */
export function moved(keep: boolean, options: MoreOptions): Server {
  const { options: given } = setUp({
    now: Date.now,
    accept: [ironSession<Theirs>({
      password: PASSWORD,
      cookie: { name: "before" },
      until: "2100-01-01",
      keep,
      map: ({ user, ...data }) => ({ user, data }),
    })],
    ...options,
  });
  return withSession((request, session) => {
    if (new URL(request.url).pathname === "/logout") session.destroy();
    else return new Response(session.userId ?? "nobody");
    return new Response("nobody");
  }, given);
}
