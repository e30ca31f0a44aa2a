// Servers that open sockets: whatever a handshake does with its session, they
// answer the next request.

import assert from "node:assert/strict";
import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtimes } from "../../tools/paths.mjs";
import { root } from "./process.ts";
import { deno, serve, serveInWorkerd, type Server } from "./servers.ts";

/** What all of them do, by the path. */
const program = `
let ahead = 0;
const options = (secret) => ({ secret, now: () => Date.now() + ahead });

async function handle({ url }, session, upgrade) {
  const { pathname } = new URL(url);
  if (pathname === "/in") {
    session.login("ada");
    return new Response();
  }
  if (pathname === "/later") {
    ahead += 400_000;
    return new Response();
  }
  if (pathname === "/show") return Response.json(session.get("n") ?? 0);
  if (pathname === "/read") session.get("n");
  if (pathname === "/set") session.set("n", 1);
  if (pathname === "/out") session.destroy();
  const response = await upgrade();
  if (pathname === "/after") {
    try {
      session.set("n", 1);
    } catch (error) {
      if (error.code !== "late-write") throw error;
    }
  }
  return response;
}

async function tell(answer) {
  try {
    return await answer;
  } catch (error) {
    return new Response(error.code ?? String(error), { status: 500 });
  }
}
`;

const plain = (start: string) => `
import { withSession } from "./mod.ts";
${program}
${start}
`;

const onDeno = plain(`
const handler = withSession((request, session) =>
  handle(request, session, () => Deno.upgradeWebSocket(request).response),
  options(Deno.env.get("SESSION_SECRET")));
Deno.serve({ hostname: "127.0.0.1", port: 0 }, (request) =>
  tell(handler(request)));
`);

const onBun = plain(`
const handler = withSession((request, session, server) =>
  handle(request, session, () => void server.upgrade(request)),
  options(process.env.SESSION_SECRET));
const { port } = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) => tell(handler(request, server)),
  websocket: { message() {} },
});
console.log("http://127.0.0.1:" + port);
`);

const inHono = (adapter: string, secret: string, start: string) => `
import { Hono } from "hono";
import { ${adapter} } from "hono/${
  adapter.includes("websocket,") ? "bun" : "deno"
}";
import { sessions } from "./hono.ts";
${program}
const app = new Hono();
app.use(sessions(options(${secret})));
app.all("*", (c) =>
  handle(c.req.raw, c.var.session, () => upgradeWebSocket(() => ({}))(c)));
app.onError((error, c) => c.text(error.code ?? String(error), 500));
${start}
`;

const honoOnDeno = inHono(
  "upgradeWebSocket",
  `Deno.env.get("SESSION_SECRET")`,
  `Deno.serve({ hostname: "127.0.0.1", port: 0 }, app.fetch);`,
);

const honoOnBun = inHono(
  "websocket, upgradeWebSocket",
  "process.env.SESSION_SECRET",
  `
const { port } = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) => app.fetch(request, { server }),
  websocket,
});
console.log("http://127.0.0.1:" + port);
`,
);

const inWorkerd = `
import { withSession } from "./mod.ts";
${program}
const handler = withSession((request, session) =>
  handle(request, session, () => {
    const { 0: client, 1: socket } = new WebSocketPair();
    socket.accept();
    return new Response(null, { status: 101, webSocket: client });
  }), (env) => options(env.SESSION_SECRET));
export default { fetch: (request, env) => tell(handler(request, env)) };
`;

/** The answer to a handshake; its status is 0 if the server hangs up. */
async function shake(
  url: string,
  cookie: string,
): Promise<[status: number, cookies: string[], text: string]> {
  const request = http.get(url, {
    agent: false,
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      cookie,
    },
  });
  return await new Promise((resolve) => {
    const answer = (
      { statusCode = 0, headers }: http.IncomingMessage,
      text = "",
    ) => {
      request.destroy();
      resolve([statusCode, headers["set-cookie"] ?? [], text]);
    };
    request.on("upgrade", (response) => answer(response));
    request.on("response", (response) => {
      let text = "";
      response.on("data", (chunk) => text += chunk);
      response.on("end", () => answer(response, text));
    });
    request.on("error", () => resolve([0, [], ""]));
  });
}

const folder = mkdtempSync(join(tmpdir(), "with-session-"));
after(() => rmSync(folder, { recursive: true }));

async function start(command: string[], contents: string): Promise<Server> {
  const outfile = join(mkdtempSync(join(folder, "a-")), "program.mjs");
  await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    target: "esnext",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
    outfile,
  });
  return await serve([...command, outfile]);
}

const bun = [runtimes.bun];
const servers: Record<string, () => Promise<Server>> = {
  Deno: () => start(deno, onDeno),
  Bun: () => start(bun, onBun),
  workerd: () =>
    serveInWorkerd({ stdin: { contents: inWorkerd, resolveDir: root } }),
  "Hono on Deno": () => start(deno, honoOnDeno),
  "Hono on Bun": () => start(bun, honoOnBun),
};

for (const [name, open] of Object.entries(servers)) {
  describe(`Handshakes, ${name}`, { timeout: 60_000 }, () => {
    let server: Server;
    let cookie: string;
    before(async () => {
      server = await open();
      const response = await fetch(`${server.origin}/in`);
      await response.text();
      cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    });
    after(() => server?.stop());

    /** What the session holds, of a server that is still there. */
    async function show(): Promise<unknown> {
      const headers = { cookie, "sec-fetch-dest": "empty" };
      return await (await fetch(`${server.origin}/show`, { headers })).json();
    }

    for (const path of ["/read", "/nothing", "/after"]) {
      it(`a handshake opens a socket and sets no cookie: ${path}`, async () => {
        const [status, cookies] = await shake(server.origin + path, cookie);
        assert.equal(status, 101);
        assert.deepEqual(cookies, []);
        assert.equal(await show(), 0);
      });
    }

    for (const path of ["/set", "/out"]) {
      it(`a handshake that writes is told so, and opens none: ${path}`, async () => {
        const [status, cookies, text] = await shake(
          server.origin + path,
          cookie,
        );
        assert.deepEqual([status, text], [500, "late-write"]);
        assert.deepEqual(cookies, []);
        assert.equal(await show(), 0);
      });
    }

    it("a handshake opens a socket when a renewal or a clearing is due", async () => {
      await (await fetch(`${server.origin}/later`)).text();
      for (const sent of [cookie, "sid=nonsense"]) {
        const [status, cookies] = await shake(`${server.origin}/read`, sent);
        assert.equal(status, 101);
        assert.deepEqual(cookies, []);
        assert.equal(await show(), 0);
      }
    });
  });
}
