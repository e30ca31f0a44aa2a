// What the visit needs besides: slow, streamed and failing answers.

import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { html } from "hono/html";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";
import { setTimeout } from "node:timers/promises";
import type { Session } from "with-session";
import type { Data, Env } from "./session.ts";

function count(session: Session<Data>): number {
  return session.update("visits", (n = 0) => n + 1);
}

export const trials = new Hono<Env>();

trials.get("/try", (c) =>
  c.html(
    html`<form id="fail" method="post" action="/api/fail"><button>Fail</button></form>`,
  ));

trials.get("/stream", (c) => {
  const visits = count(c.var.session);
  c.header("content-type", "text/html; charset=utf-8");
  return stream(c, async (out) => {
    await out.write(`<p>Visit ${visits}</p>`);
    await setTimeout(500);
    await out.write("<p>News from the stream</p>");
  });
});

trials.get("/fail", (c) => {
  count(c.var.session);
  throw new HTTPException(500, { message: "It was meant to fail" });
});

trials.all("/api/fail", (c) => {
  c.var.session.set("visits", 1000);
  throw new Error("It was meant to fail");
});

trials.get("/api/slow", async (c) => {
  await setTimeout(500);
  count(c.var.session);
  return c.json({ user: c.var.session.userId ?? null });
});

trials.get("/api/cookies", (c) => {
  count(c.var.session);
  setCookie(c, "theme", "dark");
  c.header("set-cookie", "size=large; Path=/", { append: true });
  return c.text("Two cookies");
});

trials.get("/api/nothing", (c) => {
  count(c.var.session);
  throw new HTTPException(404);
});
