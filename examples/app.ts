// The program that all examples serve: a visit counter with sign-in. Run it
// with one of its neighbours: deno.ts, node.ts, bun.ts, workers.ts or hono.ts.
// A program of yours imports "with-session" where these say "../mod.ts".

import type { Session } from "../mod.ts";
import { toPage } from "./page.ts";

/** What the session holds. */
export interface Data {
  visits: number;
}

const THIRTY_DAYS = 30 * 24 * 60 * 60;

/** Answers a request. */
export function app(
  request: Request,
  session: Session<Data>,
): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /":
    case "HEAD /":
      return show(request, session);
    case "POST /sign-in":
      return signIn(request, session);
    case "POST /sign-out":
      session.destroy();
      return goHome();
  }
  return new Response("Not found\n", { status: 404 });
}

/** A page for browsers, one line for curl. */
function show(request: Request, session: Session<Data>): Response {
  const visits = session.update("visits", (n = 0) => n + 1);
  const { userId } = session;
  const notices = session.flashes<string>("notice");
  const headers = new Headers({ vary: "Accept" });
  if (request.headers.get("accept")?.includes("text/html")) {
    headers.set("content-type", "text/html; charset=utf-8");
    headers.set(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    return new Response(toPage({ visits, userId, notices }), { headers });
  }
  const parts = [
    `Visit ${visits}`,
    userId ? `signed in as ${userId}` : "not signed in",
    ...notices.map((notice) => `notice: ${notice}`),
  ];
  return new Response(`${parts.join(", ")}\n`, { headers });
}

async function signIn(
  request: Request,
  session: Session<Data>,
): Promise<Response> {
  const form = await request.formData().catch(() => null);
  if (!form) return new Response("Expected a form\n", { status: 400 });
  const name = String(form.get("name") ?? "").trim().slice(0, 40);
  if (name) {
    // The place to check a password. The session gets a new cookie here.
    session.login(name);
    session.persist(form.has("remember") && THIRTY_DAYS);
    session.flash("notice", `Welcome, ${name}`);
  } else {
    session.flash("notice", "Please enter a name");
  }
  return goHome();
}

/** Whoever reloads the page then does not send the form again. */
function goHome(): Response {
  return new Response(null, { status: 303, headers: { location: "/" } });
}
