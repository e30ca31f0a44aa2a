import { serve as serveByHono } from "@hono/node-server";
import { once } from "node:events";
import type { Server } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { serve as serveBySrvx } from "srvx/node";
import { certificate } from "./certificate.ts";

/** What a program hands to either of them. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** How browsers speak to it. */
export type Protocol = "http" | "https" | "http2";

/** A server that runs. */
export interface Running {
  port: number;
  stop(): Promise<void>;
}

/** The servers of fetch handlers for Node that the README names. */
export const nodeServers: Record<
  "srvx" | "@hono/node-server",
  (fetch: Fetch, protocol: Protocol) => Promise<Running>
> = {
  // The first: the second one puts a Request and a Response of its own in
  // place of Node's.
  "srvx": async (fetch, protocol) => {
    const server = serveBySrvx({
      fetch,
      port: 0,
      hostname: "127.0.0.1",
      silent: true,
      gracefulShutdown: false,
      ...protocol !== "http" && { tls: certificate },
      node: { http2: protocol === "http2" },
    });
    await server.ready();
    return running(server.node?.server as Server);
  },
  "@hono/node-server": async (fetch, protocol) => {
    const options = { fetch, port: 0, hostname: "127.0.0.1" };
    const server = protocol === "http" ? serveByHono(options) : serveByHono(
      {
        ...options,
        serverOptions: { ...certificate, allowHTTP1: true },
        createServer: protocol === "https"
          ? createHttpsServer
          : createSecureServer,
      } as Parameters<typeof serveByHono>[0],
    );
    if (!server.listening) await once(server, "listening");
    return running(server as Server);
  },
};

function running(server: Server): Running {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
