/** A server of one session in several ways, in Deno and Bun. */

import { Hono } from "hono";
import { sessions } from "../../hono.ts";
import { withSession } from "../../mod.ts";
import type { Handler } from "../shared/support.ts";
import { markedSecret } from "../shared/support.ts";

declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request): Promise<Response>;
  }): { port: number };
} | undefined;
declare const Deno: {
  serve(
    options: { hostname: string; port: number },
    handler: (request: Request) => Promise<Response>,
  ): { addr: { port: number } };
};

const secret = markedSecret();
const count: Handler = (_request, session) =>
  new Response(`${session.update("n", (n = 0) => n + 1)}`);
const app = new Hono();
app.use(sessions({ secret }));
app.all("*", (c) => c.text("hono"));

const handlers: Record<string, (request: Request) => Promise<Response>> = {
  auto: withSession(count, { secret }),
  secure: withSession(count, { secret, cookie: { secure: true } }),
  csrf: withSession(count, { secret, csrf: true }),
  path: withSession(count, { secret, cookie: { secure: true, path: "/path" } }),
  hono: async (request) => await app.fetch(request),
};

function answer(request: Request): Promise<Response> {
  const kind = /\/(auto|secure|csrf|path|hono)\//.exec(request.url)?.[1] ??
    "auto";
  return handlers[kind]!(request);
}

const at = { hostname: "127.0.0.1", port: 0 };
const port = typeof Bun === "object"
  ? Bun.serve({ ...at, fetch: answer }).port
  : Deno.serve(at, answer).addr.port;
console.log(`http://127.0.0.1:${port}/`);
