// Sessions on Deno, and a WebSocket that knows who is there:
//
//   deno run --allow-net --allow-env=PORT,SESSION_SECRET examples/deno.ts

import { generateSecret, withSession } from "../mod.ts";
import { app, type Data } from "./app.ts";

const given = Deno.env.get("SESSION_SECRET");
if (!given) {
  console.log("SESSION_SECRET is not set: sessions end with this process");
}

const handler = withSession<Data>((request, session) => {
  const { pathname } = new URL(request.url);
  return pathname === "/echo"
    ? echo(request, session.userId)
    : app(request, session);
}, { secret: given ?? generateSecret(), csrf: true });

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 8000),
  onListen: ({ port }) => console.log(`Listening on http://localhost:${port}/`),
}, handler);

/** Sends back what comes, with the name of the sender. */
function echo(request: Request, name = "stranger"): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return new Response("Expected a WebSocket\n", {
      status: 426,
      headers: { upgrade: "websocket" },
    });
  }
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(`${name}: ${data}`);
  return response;
}
