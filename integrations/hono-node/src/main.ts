import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { sessions } from "with-session/hono";
import { accounts } from "./accounts.ts";
import { preferences } from "./preferences.ts";
import { type Env, options } from "./session.ts";
import { trials } from "./trials.ts";

const app = new Hono<Env>();
app.use("/robots.txt", serveStatic({ root: "public" }));
app.use(sessions(options));
app.route("/", accounts);
app.route("/", preferences);
app.route("/", trials);

serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 3000),
  hostname: "localhost",
});
