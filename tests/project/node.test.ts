import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import type tls from "node:tls";
import { describe, it } from "node:test";
import { createSessions, generateSecret, withSession } from "../../mod.ts";
import { toNodeListener } from "../../node.ts";
import {
  get,
  listen,
  type Listener,
  options,
  send,
  serve,
} from "./node_server.ts";

describe("toNodeListener(): the request", options, () => {
  it("toNodeListener() passes on method, address and fields", async () => {
    const { port } = await serve((request) =>
      Response.json([
        request.method,
        request.url,
        request.headers.get("x-many"),
        request.headers.get("cookie"),
        request.headers.get("x-latin"),
        request.body,
      ])
    );
    const reply = await send(
      port,
      get(
        "/a%20b?c=d&c",
        "Host: example.com:8080",
        "X-Many: 1",
        "Cookie: a=1",
        "x-many: 2",
        "cookie: b=2",
        "X-Latin: \u00fc",
      ),
    );
    assert.match(reply, /^HTTP\/1.1 200 OK\r\n/);
    const [json = ""] = /\[.*\]/.exec(reply) ?? [];
    const seen = JSON.parse(json);
    assert.deepEqual([...seen.slice(0, 4), seen[5]], [
      "GET",
      "http://example.com:8080/a%20b?c=d&c",
      "1, 2",
      "a=1; b=2",
      null,
    ]);
  });

  const addresses: [target: string, field: string, url: string][] = [
    ["/", "Host: [::1]:80", "http://[::1]/"],
    ["//evil.test/a", "Host: a.test", "http://a.test//evil.test/a"],
    ["/\\evil.test/a", "Host: a.test", "http://a.test//evil.test/a"],
    ["http://b.test/x?y#z", "Host: a.test", "http://b.test/x?y"],
    ["https://b.test/", "Host: a.test", "http://b.test/"],
    ["http://u:p@b.test/", "Host: a.test", "http://b.test/"],
    ["/", "Host: a.test\r\nX-Forwarded-Proto: https", "http://a.test/"],
    ["/", "Host: a.test\r\nForwarded: proto=https", "http://a.test/"],
    ["/", "Host: a.test\r\nX-Forwarded-Host: b.test", "http://a.test/"],
  ];
  for (const [target, field, url] of addresses) {
    it(`toNodeListener() makes ${url} of ${target} and ${field.replace("\r\n", ", ")}`, async () => {
      const { port } = await serve(({ url }) => new Response(`<${url}>`));
      const reply = await send(port, get(target, field));
      assert.equal(/<.*>/.exec(reply)?.[0], `<${url}>`);
    });
  }

  const bad: [what: string, request: string][] = [
    ["an empty host", get("/", "Host: ")],
    ["a host with a blank", get("/", "Host: a b")],
    ["a host with a path", get("/", "Host: a.test/b")],
    ["a host with a user", get("/", "Host: user@a.test")],
    ["a host with a bad port", get("/", "Host: a.test:http")],
    ["a host with a large port", get("/", "Host: a.test:99999")],
    ["a host that is no address", get("/", "Host: 1.2.3.4.5")],
    ["a host in escapes", get("/", "Host: %61.test")],
    ["a broken IPv6 host", get("/", "Host: [::1")],
    ["two hosts", get("/", "Host: a.test", "Host: b.test")],
    ["no host", "GET / HTTP/1.0\r\n\r\n"],
    ["a target without a host", get("*", "Host: a.test")],
    [
      "a method that fetch refuses",
      get("/", "Host: a").replace("GET", "TRACE"),
    ],
  ];
  for (const [what, request] of bad) {
    it(`toNodeListener() answers ${what} with 400 and goes on`, async () => {
      let calls = 0;
      const { port, origin, errors } = await serve(() => {
        calls++;
        return new Response("Fine");
      });
      assert.match(await send(port, request), /^HTTP\/1.1 400 /);
      assert.equal(calls, 0);
      assert.deepEqual(errors, []);
      assert.equal(await (await fetch(origin)).text(), "Fine");
    });
  }

  it("toNodeListener() makes an https address of an encrypted connection alone", async () => {
    // A key that both sides know, so that there is no certificate to renew.
    const psks = {
      ciphers: "PSK",
      maxVersion: "TLSv1.2",
      minVersion: "TLSv1.2",
    } as const;
    const psk = new Uint8Array(32).fill(7);
    const listener = toNodeListener(({ url }) => new Response(url));
    const port = await listen(
      https.createServer({ ...psks, pskCallback: () => psk }, listener),
    );
    const secured: https.RequestOptions & tls.ConnectionOptions = {
      ...psks,
      port,
      host: "127.0.0.1",
      path: "/a",
      headers: { host: "a.test" },
      pskCallback: () => ({ psk, identity: "test" }),
      checkServerIdentity: () => undefined,
    };
    const request = https.get(secured);
    const [response] = await once(request, "response");
    assert.equal(await text(response), "https://a.test/a");
  });

  it("toNodeListener() takes the whole target where Express cuts it", async () => {
    const listener: Listener = toNodeListener(({ url }) => new Response(url));
    const port = await listen(http.createServer((incoming, outgoing) => {
      const mounted = { originalUrl: incoming.url, url: "/b" };
      listener(Object.assign(incoming, mounted), outgoing);
    }));
    const response = await fetch(`http://127.0.0.1:${port}/a/b`);
    assert.equal(await response.text(), `http://127.0.0.1:${port}/a/b`);
  });

  it("toNodeListener() hands the handler Node's own request", async () => {
    const port = await listen(
      http.createServer(
        toNodeListener((_request, { socket }: http.IncomingMessage) =>
          new Response(socket.remoteAddress)
        ),
      ),
    );
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await response.text(), "127.0.0.1");
  });
});

describe("toNodeListener() with withSession()", options, () => {
  it("toNodeListener() serves a session", async () => {
    const secret = generateSecret();
    const { origin } = await serve(withSession((request, session) => {
      const visits = session.update("visits", (n = 0) => n + 1);
      return new URL(request.url).pathname === "/"
        ? new Response(`Visit ${visits}`)
        : Response.redirect(new URL("/", request.url), 303);
    }, { secret }));
    const first = await fetch(origin);
    assert.equal(await first.text(), "Visit 1");
    const [line = ""] = first.headers.getSetCookie();
    assert.match(
      line,
      /^sid-\d+=[\w-]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const moved = await fetch(`${origin}/moved`, {
      headers: { cookie: line.split(";")[0] ?? "" },
      redirect: "manual",
    });
    assert.equal(moved.status, 303);
    const [next = ""] = moved.headers.getSetCookie();
    const token = next.slice(next.indexOf("=") + 1).split(";")[0] ?? "";
    const sessions = createSessions({ secret, cookie: { secure: false } });
    assert.equal((await sessions.unseal(token))?.get("visits"), 2);
  });
});
