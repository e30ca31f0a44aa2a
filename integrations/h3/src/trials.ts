// What the visit needs besides: slow, streamed and failing answers.

import { type H3, html, HTTPError, iterable, setCookie } from "h3";
import { setTimeout } from "node:timers/promises";
import type { Session } from "with-session";
import type { Data } from "./session.ts";

function count(session: Session<Data>): number {
  return session.update("visits", (n = 0) => n + 1);
}

export function addTrials(app: H3): void {
  app.get("/try", () =>
    html`
      <form id="fail" method="post" action="/api/fail"><button>Fail</button></form>
    `);

  app.get("/stream", (event) => {
    const visits = count(event.context.session);
    event.res.headers.set("content-type", "text/html; charset=utf-8");
    return iterable(async function* () {
      yield `<p>Visit ${visits}</p>`;
      await setTimeout(500);
      yield "<p>News from the stream</p>";
    });
  });

  app.get("/fail", ({ context: { session } }) => {
    count(session);
    throw new HTTPError({ status: 500, message: "It was meant to fail" });
  });

  app.all("/api/fail", ({ context: { session } }) => {
    session.set("visits", 1000);
    throw new Error("It was meant to fail");
  });

  app.get("/api/slow", async ({ context: { session } }) => {
    await setTimeout(500);
    count(session);
    return { user: session.userId ?? null };
  });

  app.get("/api/cookies", (event) => {
    count(event.context.session);
    setCookie(event, "theme", "dark");
    const headers = { "set-cookie": "size=large; Path=/" };
    return new Response("Two cookies", { headers });
  });

  app.get("/api/nothing", ({ context: { session } }) => {
    session.set("visits", 1000);
    throw new HTTPError({ status: 404 });
  });

  app.get("/api/returned", ({ context: { session } }) => {
    session.set("visits", 1000);
    return new HTTPError({ status: 503 });
  });
}
