// Sessions in a Cloudflare Worker, and a WebSocket that knows who is there:
//
//   npx wrangler dev examples/workers.ts --port 8000 \
//     --compatibility-date 2026-01-01 --var SESSION_SECRET:$(openssl rand -base64 32)

import { withSession } from "../mod.ts";
import { app, type Data } from "./app.ts";

interface Env {
  SESSION_SECRET: string;
}

const worker: { fetch(request: Request, env: Env): Promise<Response> } = {
  fetch: withSession<Data, [Env]>((request, session) => {
    const { pathname } = new URL(request.url);
    return pathname === "/echo"
      ? echo(request, session.userId)
      : app(request, session);
  }, (env: Env) => ({ secret: env.SESSION_SECRET, csrf: true })),
};

export default worker;

/** Sends back what comes, with the name of the sender. */
function echo(request: Request, name = "stranger"): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return new Response("Expected a WebSocket\n", {
      status: 426,
      headers: { upgrade: "websocket" },
    });
  }
  const { 0: client, 1: socket } = new WebSocketPair();
  socket.accept();
  socket.onmessage = ({ data }) => socket.send(`${name}: ${data}`);
  return new Response(null, { status: 101, webSocket: client } as ResponseInit);
}

// In a project of its own, "@cloudflare/workers-types" declares it.
declare const WebSocketPair: new () => Record<
  0 | 1,
  WebSocket & { accept(): void }
>;
