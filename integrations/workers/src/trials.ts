// What the visit needs besides: slow, streamed and failing answers.

import type { Session } from "with-session";
import { html } from "./html.ts";
import type { Data, Routes } from "./session.ts";

function count(session: Session<Data>): number {
  return session.update("visits", (n = 0) => n + 1);
}

function fail(session: Session<Data>): never {
  session.set("visits", 1000);
  throw new Error("It was meant to fail");
}

function stream(visits: number): ReadableStream {
  const { readable, writable } = new TextEncoderStream();
  const write = async () => {
    const writer = writable.getWriter();
    await writer.write(`<p>Visit ${visits}</p>`);
    await scheduler.wait(500);
    await writer.write("<p>News from the stream</p>");
    await writer.close();
  };
  void write();
  return readable;
}

export const trials: Routes = {
  "GET /try": () =>
    html`<form id="fail" method="post" action="/api/fail"><button>Fail</button></form>`,

  "GET /stream": (_request, session) => {
    const headers = {
      "content-type": "text/html; charset=utf-8",
      // Else wrangler dev compresses it, and holds short parts back.
      "content-encoding": "identity",
    };
    return new Response(stream(count(session)), { headers });
  },

  "GET /fail": (_request, session) => {
    count(session);
    throw new Error("It was meant to fail");
  },

  "GET /api/fail": (_request, session) => fail(session),
  "POST /api/fail": (_request, session) => fail(session),

  "GET /api/slow": async (_request, session) => {
    await scheduler.wait(500);
    count(session);
    return Response.json({ user: session.userId ?? null });
  },

  "GET /api/cookies": (_request, session) => {
    count(session);
    const headers = new Headers();
    headers.append("set-cookie", "theme=dark; Path=/");
    headers.append("set-cookie", "size=large; Path=/");
    return new Response("Two cookies", { headers });
  },
};
