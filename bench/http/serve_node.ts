import { serve } from "@hono/node-server";
import { makeApp } from "./app.ts";
import { settings } from "./settings.ts";

const { port, ...options } = await settings(process.argv.slice(2));
serve({ fetch: makeApp(options), port, hostname: "127.0.0.1" });
