import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "./process.ts";
import { deno, serve, serveInWorkerd, type Server } from "./servers.ts";

type Headers = Record<string, string>;

/** Opens a socket as a browser would; `null` if the server refuses. */
async function open(url: string, headers: Headers): Promise<WebSocket | null> {
  const init = { headers } as unknown as string[];
  const socket = new WebSocket(url.replace("http:", "ws:"), init);
  const opened = Promise.withResolvers<boolean>();
  socket.onopen = () => opened.resolve(true);
  socket.onerror = () => opened.resolve(false);
  return await opened.promise ? socket : null;
}

/** Sends texts over a socket; the answers, one for each. */
async function talk(
  url: string,
  texts: string[],
  headers: Headers = {},
): Promise<string[]> {
  const socket = await open(url, headers);
  assert.ok(socket, "The server refuses the socket");
  const answers: string[] = [];
  for (const text of texts) {
    const answered = once(socket, "message");
    socket.send(text);
    const [{ data }] = await answered;
    answers.push(data);
  }
  const closed = once(socket, "close");
  socket.close();
  await closed;
  return answers;
}

/** Shakes hands for a socket; what comes back, if anything does. */
async function shake(
  url: string,
  headers: Headers,
): Promise<http.IncomingMessage | null> {
  const request = http.get(url, {
    agent: false,
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    },
  });
  try {
    const [response] = await Promise.race([
      once(request, "upgrade"),
      once(request, "response"),
    ]);
    return response.on("error", () => {});
  } catch {
    return null;
  } finally {
    request.on("error", () => {});
  }
}

/** Asks for a page; the cookie it sets. */
async function cookieOf(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, { redirect: "manual", ...init });
  await response.text();
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

const signIn = (origin: string, name: string) =>
  cookieOf(`${origin}/sign-in`, {
    method: "POST",
    body: new URLSearchParams({ name }),
  });

const demos: Record<string, () => Promise<Server>> = {
  "deno.ts on Deno": () => serve([...deno, "examples/deno.ts"]),
  "workers.ts in workerd": () =>
    serveInWorkerd({ entryPoints: ["examples/workers.ts"] }),
};

for (const [name, start] of Object.entries(demos)) {
  describe(`WebSocket, examples/${name}`, { timeout: 60_000 }, () => {
    let url: string;
    let origin: string;
    let server: Server;
    before(async () => {
      server = await start();
      ({ origin } = server);
      url = `${origin}/echo`;
    });
    after(() => server?.stop());

    it("a socket knows who has signed in", async () => {
      const cookie = await signIn(origin, "Ada");
      const answers = await talk(url, ["one", "two", "three"], { cookie });
      assert.deepEqual(answers, ["Ada: one", "Ada: two", "Ada: three"]);
    });

    it("a socket needs no session", async () => {
      assert.deepEqual(await talk(url, ["hi"]), ["stranger: hi"]);
    });

    it("a socket with a bad cookie has a new session", async () => {
      const cookie = await signIn(origin, "Ada");
      const other = await signIn(origin, "Grace");
      const [name] = cookie.split("=");
      for (
        const bad of [cookie.slice(0, -4), `${name}=`, `${cookie}; ${other}`]
      ) {
        const headers = { cookie: bad };
        assert.deepEqual(await talk(url, ["hi"], headers), ["stranger: hi"]);
      }
    });

    it("a page of the same origin may open a socket", async () => {
      const cookie = await signIn(origin, "Ada");
      const headers = { cookie, origin };
      assert.deepEqual(await talk(url, ["hi"], headers), ["Ada: hi"]);
    });

    it("a page of another site may not open a socket", async () => {
      const cookie = await signIn(origin, "Ada");
      const headers = { cookie, origin: "https://evil.test" };
      assert.equal(await open(url, headers), null);
      assert.equal((await shake(url, headers))?.statusCode, 403);
    });

    it("a request for no socket is told to upgrade", async () => {
      assert.equal((await fetch(url)).status, 426);
    });
  });
}

/** What the two Workers below share: a clock to move, and sockets that write. */
const program = `
let ahead = 0;
const options = (secret) => ({ secret, now: () => Date.now() + ahead });

function handle(request, session, upgrade) {
  const { pathname } = new URL(request.url);
  if (pathname === "/in") {
    session.login("Ada");
    return new Response();
  }
  if (pathname === "/later") {
    ahead += 12 * 3_600_000;
    return new Response();
  }
  if (pathname === "/set") session.set("n", 1);
  if (pathname === "/destroy") session.destroy();
  if (pathname === "/read") session.get("n");
  return upgrade((socket, text) => {
    try {
      if (text === "write") session.set("n", 1);
      socket.send(String(session.userId));
    } catch (error) {
      socket.send(error.code);
    }
  });
}

async function tell(answer) {
  try {
    return await answer;
  } catch (error) {
    report(error.code);
    return new Response(error.code, { status: 500 });
  }
}
`;

const onDeno = (core: string) => `
import { withSession } from ${JSON.stringify(core)};
${program}
const report = (code) => console.log(code);
const handler = withSession((request, session) =>
  handle(request, session, (onText) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => onText(socket, data);
    return response;
  }), options(Deno.env.get("SESSION_SECRET")));
Deno.serve({ hostname: "127.0.0.1", port: 0 }, (request) =>
  tell(handler(request)));
`;

const inWorkerd = `
import { withSession } from "./mod.ts";
${program}
const report = () => {};
const handler = withSession((request, session) =>
  handle(request, session, (onText) => {
    const { 0: client, 1: socket } = new WebSocketPair();
    socket.accept();
    socket.onmessage = ({ data }) => onText(socket, data);
    return new Response(null, { status: 101, webSocket: client });
  }), (env) => options(env.SESSION_SECRET));
export default { fetch: (request, env) => tell(handler(request, env)) };
`;

const programs: Record<string, (folder: string) => Promise<Server>> = {
  Deno: (folder) => {
    const file = join(folder, "program.js");
    writeFileSync(file, onDeno(pathToFileURL(join(root, "mod.ts")).href));
    return serve([...deno, file]);
  },
  workerd: () =>
    serveInWorkerd({ stdin: { contents: inWorkerd, resolveDir: root } }),
};

for (const [name, start] of Object.entries(programs)) {
  describe(`WebSocket on ${name}`, { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "with-session-"));
    let origin: string;
    let cookie: string;
    let server: Server;
    before(async () => {
      server = await start(folder);
      ({ origin } = server);
      cookie = await cookieOf(`${origin}/in`);
    });
    after(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true });
    });

    it("a session that is read lets the socket open, without a header", async () => {
      const response = await shake(`${origin}/read`, { cookie });
      assert.equal(response?.statusCode, 101);
      assert.equal(response.headers["set-cookie"], undefined);
      assert.equal(response.headers.vary, undefined);
    });

    it("a session cannot be written over the socket, and says so", async () => {
      const url = `${origin}/read`;
      const answers = await talk(url, ["read", "write", "read"], { cookie });
      assert.deepEqual(answers, ["Ada", "late-write", "Ada"]);
    });

    for (const change of ["set", "destroy"]) {
      it(`a session cannot ${change} with the handshake, and says so`, async () => {
        // Deno answers nothing, and stops, when an upgrade is not returned.
        const { origin, output, stop } = await start(folder);
        const cookie = await cookieOf(`${origin}/in`);
        let body = "";
        const shaken = shake(`${origin}/${change}`, { cookie });
        const read = shaken.then(async (response) => {
          assert.notEqual(response?.statusCode, 101);
          if (response) body = await text(response);
        });
        while (!/^late-write$/m.test(output() + body)) await delay(5);
        await stop();
        await read;
      });
    }

    it("a session that is due for renewal waits for another response", async () => {
      await fetch(`${origin}/later`);
      const response = await shake(`${origin}/read`, { cookie });
      assert.equal(response?.statusCode, 101);
      assert.equal(response.headers["set-cookie"], undefined);
      const answers = await talk(`${origin}/read`, ["read"], { cookie });
      assert.deepEqual(answers, ["Ada"]);
    });
  });
}
