// Sessions on Node 22.18 or later, served by srvx:
//
//   node examples/node.ts

import { env } from "node:process";
import { serve } from "srvx";
import { generateSecret, withSession } from "../mod.ts";
import { app, type Data } from "./app.ts";

if (!env["SESSION_SECRET"]) {
  console.log("SESSION_SECRET is not set: sessions end with this process");
}

const server = serve({
  hostname: "127.0.0.1",
  port: env["PORT"] ?? 8000,
  fetch: withSession<Data>(app, {
    secret: env["SESSION_SECRET"] ?? generateSecret(),
    csrf: true,
  }),
  error(error) {
    console.error(error);
    return new Response("Something went wrong\n", { status: 500 });
  },
  silent: true,
});
await server.ready();
const { port } = new URL(server.url ?? "");
console.log(`Listening on http://localhost:${port}/`);
