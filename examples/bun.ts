// Sessions on Bun:
//
//   bun examples/bun.ts

import { env } from "node:process";
import { generateSecret, withSession } from "../mod.ts";
import { app, type Data } from "./app.ts";

if (!env["SESSION_SECRET"]) {
  console.log("SESSION_SECRET is not set: sessions end with this process");
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(env["PORT"] ?? 8000),
  fetch: withSession<Data>(app, {
    secret: env["SESSION_SECRET"] ?? generateSecret(),
    csrf: true,
  }),
});
console.log(`Listening on http://localhost:${server.port}/`);

// In a project of its own, "@types/bun" declares it.
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request): Promise<Response>;
  }): { port: number };
};
