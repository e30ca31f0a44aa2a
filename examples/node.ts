// Sessions under Node's own server, with Node 24 or later:
//
//   node examples/node.ts

import { createServer } from "node:http";
import { env } from "node:process";
import { generateSecret, withSession } from "../mod.ts";
import { toNodeListener } from "../node.ts";
import { app, type Data } from "./app.ts";

if (!env["SESSION_SECRET"]) {
  console.log("SESSION_SECRET is not set: sessions end with this process");
}

const handler = withSession<Data>(app, {
  secret: env["SESSION_SECRET"] ?? generateSecret(),
  csrf: true,
});

const onError = (error: unknown) => console.error(error);
const server = createServer(toNodeListener(handler, { onError }));
server.listen(Number(env["PORT"] ?? 8000), "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`Listening on http://127.0.0.1:${port}/`);
});
