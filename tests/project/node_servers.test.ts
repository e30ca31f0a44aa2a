// Our handlers on the servers for Node that docs/node.md names.

import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, describe, it } from "node:test";
import { stripTypeScriptTypes } from "node:module";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Hono } from "hono";
import { type SessionEnv, sessions } from "../../hono.ts";
import { type Session, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { read } from "./manifests.ts";
import { type Client, http1Client, http2Client } from "./node_client.ts";
import { nodeServers, type Running } from "./node_servers.ts";
import { markedSecret } from "../shared/support.ts";

type Route = (
  request: Request,
  session: Session,
) => Response | Promise<Response>;

const secret = markedSecret();
const { passOn } = await programOf("docs/node.md");
const TEXT = "A text that is worth compressing. ".repeat(50);
/** What handlers have seen of clients that left. */
const seen = { aborted: 0, cancelled: 0 };

const routes: Record<string, Route> = {
  "/visit"(_request, session) {
    const visits = session.update("visits", (n: number = 0) => n + 1);
    const response = new Response(`Visit ${visits}`);
    response.headers.append("set-cookie", "a=1");
    response.headers.append("set-cookie", "b=2");
    return response;
  },
  async "/form"(request, session) {
    session.login(String((await request.formData()).get("name")));
    return new Response(null, { status: 303, headers: { location: "/who" } });
  },
  "/who": (_request, session) => new Response(session.userId),
  "/parts"(_request, session) {
    session.set("parts", true);
    return stream((pulls) => pulls < 2 ? `part ${pulls}` : null);
  },
  "/endless": endless,
  async "/slow"(request, session) {
    await delay(150);
    return endless(request, session);
  },
  "/broken"(_request, session) {
    session.set("broken", true);
    return stream((pulls) => {
      if (pulls > 0) throw new Error("Half-way");
      return "half";
    });
  },
  "/throws"() {
    throw new Error("Not for the visitor");
  },
  async "/upstream"({ headers }, session) {
    if (headers.has("x-read")) session.get("a");
    if (headers.has("x-write")) session.set("a", 1);
    const encoding = headers.get("x-encoding");
    return passOn(await fetch(`${upstream}/${encoding}`));
  },
};

function endless({ signal }: Request, session: Session): Response {
  session.set("endless", true);
  if (signal.aborted) seen.aborted++;
  else signal.addEventListener("abort", () => seen.aborted++);
  return stream(() => "more", () => seen.cancelled++);
}

function stream(
  part: (pulls: number) => string | null,
  cancel = () => {},
): Response {
  let pulls = 0;
  return new Response(
    new ReadableStream({
      async pull(controller) {
        await delay(20);
        const text = part(pulls++);
        if (text === null) controller.close();
        else controller.enqueue(new TextEncoder().encode(text));
      },
      cancel,
    }),
  );
}

/** What the page has as its program. */
async function programOf(
  page: string,
): Promise<{ passOn(response: Response): Response }> {
  const [, program = ""] = /^```ts\n([\s\S]*?)^```$/m.exec(read(page)) ?? [];
  const script = encodeURIComponent(stripTypeScriptTypes(program));
  return await import(`data:text/javascript,${script}`);
}

const wrapped = withSession(route, { secret });
const app = new Hono<SessionEnv>();
app.use(sessions({ secret }));
app.all("*", (c) => route(c.req.raw, c.var.session));
app.onError((error) => {
  throw error;
});
const handlers: Record<string, (request: Request) => Promise<Response>> = {
  "withSession()": async (request) => await wrapped(request),
  "Hono": async (request) => await app.fetch(request),
};

function route(request: Request, session: Session) {
  const { pathname } = new URL(request.url);
  return routes[pathname]?.(request, session) ?? new Response("Home");
}

let upstream = "";
const compress: Record<string, () => Uint8Array> = {
  identity: () => new TextEncoder().encode(TEXT),
  gzip: () => gzipSync(TEXT),
  br: () => brotliCompressSync(TEXT),
};
const origin = http.createServer(({ url = "" }, response) => {
  const encoding = url.slice(1);
  const body = compress[encoding]?.();
  if (encoding !== "identity") {
    response.setHeader("content-encoding", encoding);
  }
  response.setHeader("content-length", body?.length ?? 0);
  response.end(body);
});
before(async () => {
  await new Promise<void>((done) => origin.listen(0, "127.0.0.1", done));
  const { port } = origin.address() as AddressInfo;
  upstream = `http://127.0.0.1:${port}`;
});
after(() => {
  origin.closeAllConnections();
  origin.close();
});

for (const [serverName, serve] of Object.entries(nodeServers)) {
  for (const [handlerName, handler] of Object.entries(handlers)) {
    for (const protocol of ["http", "http2"] as const) {
      const name = `${handlerName} on ${serverName}, ${protocol}`;
      describe(name, { timeout: 20_000 }, () => {
        let server: Running;
        let client: Client;
        before(async () => {
          server = await serve(handler, protocol);
          const connect = protocol === "http" ? http1Client : http2Client;
          client = connect(server.port);
        });
        after(async () => {
          client.close();
          await server.stop();
        });
        const isOnHttp2 = protocol === "http2";
        const prefix = isOnHttp2 ? "__Host-" : "";
        check(() => client, prefix, isOnHttp2 && serverName === "srvx");
      });
    }
  }
}

const stored = { secret, store: new MemoryStore() };
const wrappedStored = withSession(routeStored, stored);
const appStored = new Hono<SessionEnv>();
appStored.use(sessions(stored));
appStored.all("*", (c) => routeStored(c.req.raw, c.var.session));
const storedHandlers: typeof handlers = {
  "withSession()": async (request) => await wrappedStored(request),
  "Hono": async (request) => await appStored.fetch(request),
};

/** Answers in a stream, which writes after so many ms. */
function routeStored({ url }: Request, session: Session): Response {
  const { pathname, searchParams } = new URL(url);
  if (pathname === "/show") return Response.json(session.toJSON());
  if (pathname === "/ask") session.set("asked", true);
  session.get("asked");
  const start = async (controller: ReadableStreamDefaultController) => {
    controller.enqueue(new TextEncoder().encode("Thinking, "));
    await delay(Number(searchParams.get("ms")));
    session.update("answers", (n = 0) => n + 1);
    await session.save();
    controller.enqueue(new TextEncoder().encode("42"));
    controller.close();
  };
  return new Response(
    new ReadableStream({
      start(controller) {
        start(controller).catch((error) => controller.error(error));
      },
    }),
  );
}

for (const [serverName, serve] of Object.entries(nodeServers)) {
  for (const [handlerName, handler] of Object.entries(storedHandlers)) {
    it(`${handlerName} on ${serverName}: a stream saves`, async () => {
      const server = await serve(handler, "http");
      try {
        const origin = `http://localhost:${server.port}`;
        let cookie = "";
        const ask = async (path: string) => {
          const response = await fetch(origin + path, { headers: { cookie } });
          const [line] = response.headers.getSetCookie();
          cookie = line?.split(";")[0] ?? cookie;
          return await response.text();
        };
        const paths = ["/ask", "/ask", "/go on", "/ask?ms=50", "/go on?ms=50"];
        for (const [i, path] of paths.entries()) {
          assert.equal(await ask(path), "Thinking, 42", path);
          const answers = i + 1;
          const shown: unknown = JSON.parse(await ask("/show"));
          assert.deepEqual(shown, { asked: true, answers });
        }
      } finally {
        await server.stop();
      }
    });
  }
}

function check(
  client: () => Client,
  prefix: string,
  keepsLateStreams: boolean,
): void {
  const sid = new RegExp(`^${prefix}sid[-\\d]*=[\\w-]+`);

  async function visit(expected: number, cookies: string[]): Promise<string> {
    const headers = { cookie: cookies };
    const { reply } = client().ask("/visit", { headers });
    const { status, headers: received, body } = await reply;
    assert.equal(await text(body), `Visit ${expected}`);
    assert.equal(status, 200);
    assert.equal(received["cache-control"], "no-store");
    const lines = received["set-cookie"] as string[];
    assert.deepEqual(lines.slice(0, 2), ["a=1", "b=2"]);
    assert.equal(lines.length, 3);
    return sid.exec(lines[2] ?? "")?.[0] ?? assert.fail(lines[2]);
  }

  it("keeps a session beside other cookies", async () => {
    const cookie = await visit(1, ["a=1"]);
    // HTTP/2 splits the field.
    const fields = prefix ? ["a=1", cookie, "b=2"] : [`a=1; ${cookie}; b=2`];
    await visit(2, fields);
  });

  it("signs in by a form", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const asked = { method: "POST", headers, body: "name=Ada" };
    const { status, headers: received } = await client().ask("/form", asked)
      .reply;
    assert.equal(status, 303);
    const cookie = sid.exec(received["set-cookie"]?.[0] ?? "")?.[0] ?? "";
    const who = await client().ask("/who", { headers: { cookie } }).reply;
    assert.equal(await text(who.body), "Ada");
  });

  it("answers HEAD with the cookie and no body", async () => {
    const { reply } = client().ask("/visit", { method: "HEAD" });
    const { headers, body } = await reply;
    assert.equal(headers["set-cookie"]?.length, 3);
    assert.equal(await text(body), "");
  });

  it("sends a stream part by part", async () => {
    const { headers, body } = await client().ask("/parts").reply;
    assert.match(headers["set-cookie"]?.[0] ?? "", sid);
    const parts = [];
    for await (const part of body) parts.push(`${part}`);
    assert.deepEqual(parts, ["part 0", "part 1"]);
  });

  it("tells the handler and its stream that the client has left", async () => {
    const before = { ...seen };
    const { reply, leave } = client().ask("/endless");
    await reply;
    leave();
    await until(() => seen.aborted > before.aborted, "the signal is aborted");
    await until(() => seen.cancelled > before.cancelled, "it is cancelled");
    await visit(1, []);
  });

  it("tells it of a client that left before there was an answer", async () => {
    const before = { ...seen };
    const { leave } = client().ask("/slow");
    setTimeout(leave, 50);
    await until(() => seen.aborted > before.aborted, "the signal is aborted");
    if (!keepsLateStreams) {
      await until(() => seen.cancelled > before.cancelled, "it is cancelled");
    }
    await visit(1, []);
  });

  it("lets the client see that a stream has failed", async () => {
    const { body } = await client().ask("/broken").reply;
    await assert.rejects(text(body));
    await visit(1, []);
  });

  it("answers 500 where handler and onError throw, and goes on", async () => {
    const { status, headers, body } = await client().ask("/throws").reply;
    assert.equal(status, 500);
    assert.equal(headers["set-cookie"], undefined);
    assert.equal(await text(body), "");
    await visit(1, []);
  });

  for (const encoding of Object.keys(compress)) {
    for (const use of ["", "x-read", "x-write"]) {
      it(`passes on ${encoding} from upstream, ${use || "untouched"}`, async () => {
        const headers = { "x-encoding": encoding, ...use && { [use]: "1" } };
        const reply = await client().ask("/upstream", { headers }).reply;
        assert.equal(await text(reply.body), TEXT);
        assert.equal(reply.status, 200);
        assert.equal("set-cookie" in reply.headers, use === "x-write");
      });
    }
  }
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 400) assert.fail(`Waited in vain: ${what}`);
    await delay(5);
  }
}
