// Sessions as a middleware of Hono, on Deno, Bun, Node and Cloudflare Workers:
//
//   export SESSION_SECRET=$(openssl rand -base64 32)
//   deno serve --allow-env=SESSION_SECRET examples/hono.ts
//   bun --port=8000 examples/hono.ts
//   npx srvx --prod --port=8000 examples/hono.ts
//   npx wrangler dev examples/hono.ts --port 8000 \
//     --compatibility-date 2026-01-01 --var SESSION_SECRET:$SESSION_SECRET

import { Hono } from "hono";
import { type SessionEnv, sessions } from "../hono.ts";
import { app as demo, type Data } from "./app.ts";

// Elsewhere than in a Worker, secrets are variables of the process.
const secretOfProcess = globalThis.process?.env["SESSION_SECRET"];
const optionsOfProcess = { secret: secretOfProcess, csrf: true };

interface Env {
  SESSION_SECRET?: string;
}

const app: Hono<SessionEnv<Data> & { Bindings: Env }> = new Hono();

app.get("/health", (c) => c.text("Healthy, without a session\n"));

// Some servers hand over no environment at all.
app.use(sessions((env: Env | undefined) => {
  const secret = env?.SESSION_SECRET;
  return secret ? { secret, csrf: true } : optionsOfProcess;
}));

app.all("*", (c) => demo(c.req.raw, c.var.session));

export default app;
