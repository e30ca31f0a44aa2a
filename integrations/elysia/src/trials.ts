// What the visit needs besides: slow, streamed and failing answers.

import { Elysia, NotFoundError } from "elysia";
import { setTimeout } from "node:timers/promises";
import type { Session } from "with-session";
import { html } from "./html.ts";
import { type Data, session } from "./session.ts";

function count(session: Session<Data>): number {
  return session.update("visits", (n = 0) => n + 1);
}

function fail({ session }: { session: Session<Data> }): never {
  session.set("visits", 1000);
  throw new Error("It was meant to fail");
}

export const trials = new Elysia()
  .use(session)
  .get("/try", () =>
    html`
      <form id="fail" method="post" action="/api/fail"><button>Fail</button></form>
    `)
  .get("/stream", async function* ({ session, set }) {
    set.headers["content-type"] = "text/html; charset=utf-8";
    yield `<p>Visit ${count(session)}</p>`;
    await setTimeout(500);
    yield "<p>News from the stream</p>";
  })
  .get("/fail", fail)
  .get("/api/fail", fail)
  .post("/api/fail", fail)
  .get("/api/slow", async ({ session }) => {
    await setTimeout(500);
    count(session);
    return { user: session.userId ?? null };
  })
  .get("/api/cookies", ({ session, cookie }) => {
    count(session);
    cookie.theme?.set({ value: "dark", path: "/" });
    cookie.size?.set({ value: "large", path: "/" });
    return "Two cookies";
  })
  .get("/api/nothing", ({ session }) => {
    count(session);
    throw new NotFoundError();
  });
