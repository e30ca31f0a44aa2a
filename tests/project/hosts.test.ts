import assert from "node:assert/strict";
import net from "node:net";
import { describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { deno, serve, type Server } from "./servers.ts";

const program = "tests/project/hosts_server.ts";

/** Servers that hand over the address of any `Host`. */
const servers: Record<string, () => Promise<Server>> = {
  Deno: () => serve([...deno, program]),
  Bun: () => serve([runtimes.bun, program]),
};

/** Requests without an address, or with one that is none. */
const requests: readonly string[] = [
  "GET / HTTP/1.0\r\n",
  "GET /healthz HTTP/1.0\r\nCookie: sid=a; sid=b\r\n",
  "GET / HTTP/1.1\r\nHost:\r\n",
  "GET / HTTP/1.1\r\nHost: a b\r\n",
  "GET / HTTP/1.1\r\nHost: x:99999\r\n",
  "GET / HTTP/1.1\r\nHost: localhost:99999\r\n",
  "GET / HTTP/1.1\r\nHost: localhost b\r\n",
  "GET / HTTP/1.1\r\nHost: [::1\r\n",
  "GET / HTTP/1.1\r\nHost: a%zz\r\n",
  "GET / HTTP/1.1\r\nHost: 1.2.3.4.5\r\n",
  "GET / HTTP/1.1\r\nHost: a@b\r\n",
  "POST / HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n",
  "POST / HTTP/1.1\r\nHost: x:99999\r\nContent-Length: 0\r\n",
];

async function send(origin: string, request: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = net.connect(Number(port), hostname);
  socket.write(`${request}Connection: close\r\n\r\n`);
  let reply = "";
  for await (const chunk of socket) {
    reply += chunk;
    if (reply.includes("\r\n\r\n")) break;
  }
  return reply.slice(0, reply.indexOf("\r\n"));
}

for (const [name, open] of Object.entries(servers)) {
  describe(`Host on ${name}`, { timeout: 60_000 }, () => {
    it("whatever it holds, the answer is the handler's", async () => {
      const { origin, stop } = await open();
      for (const request of requests) {
        const [method, path] = request.split(" ") as [string, string];
        for (const kind of ["auto", "secure", "csrf", "path", "hono"]) {
          const target = request.replace(path, `/${kind}${path}`);
          const what = JSON.stringify([kind, request]);
          assert.match(await send(origin, target), / 200 /, what);
          if (kind !== "csrf" || method !== "POST") continue;
          const foreign = `${target}Origin: https://x.test\r\n`;
          assert.match(await send(origin, foreign), / 403 /, what);
        }
      }
      stop();
    });
  });
}
