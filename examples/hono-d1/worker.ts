// A visit counter with sign-in, on Hono, its sessions in D1: npx wrangler dev

import { Hono } from "hono";
import { type SessionEnv, sessions } from "with-session/hono";
import { type D1DatabaseLike, D1Store } from "with-session/stores/d1";

interface Env {
  SESSION_SECRET: string;
  DB: D1DatabaseLike;
}

interface Data {
  visits: number;
}

const app: Hono<SessionEnv<Data> & { Bindings: Env }> = new Hono();

app.use(sessions((env: Env) => ({
  secret: env.SESSION_SECRET,
  store: new D1Store(env.DB),
  csrf: true,
})));

app.get("/", (c) => {
  const { session } = c.var;
  const visits = session.update("visits", (n = 0) => n + 1);
  const { userId } = session;
  const state = userId ? `signed in as ${userId}` : "not signed in";
  return c.text(`Visit ${visits}, ${state}\n`);
});

app.post("/sign-in", async (c) => {
  const { name } = await c.req.parseBody();
  if (!name) return c.text("Expected a name\n", 400);
  // The place to check a password. The session gets a new cookie here.
  c.var.session.login(String(name));
  return c.redirect("/", 303);
});

app.post("/sign-out", (c) => {
  c.var.session.destroy();
  return c.redirect("/", 303);
});

const worker: {
  fetch: typeof app.fetch;
  scheduled(event: unknown, env: Env): Promise<void>;
} = {
  fetch: app.fetch,
  // By the cron trigger: expired sessions open nothing, but take space.
  async scheduled(_event, env) {
    await new D1Store(env.DB).deleteExpired(Date.now());
  },
};

export default worker;
